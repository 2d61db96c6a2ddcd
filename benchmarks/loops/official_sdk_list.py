"""The official SDK: lists all rows page by page as JSON lines, up to a limit."""

import json
import os
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.utils.http_utils import sanitize_for_serialization
from huaweicloudsdkhss.v5 import HssClient, ListCicdImagesRequest

endpoint, rows = sys.argv[1:]
credentials = BasicCredentials(os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], "demo")
client = HssClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()
offset = 0
while offset < int(rows):
    request = ListCicdImagesRequest(limit=200, offset=offset, sort_key="latest_scan_time", sort_dir="desc")
    page = client.list_cicd_images(request).data_list
    for row in page:
        print(json.dumps(sanitize_for_serialization(row), ensure_ascii=False))
    offset += len(page)
