"""The official SDK's sample for ListCicdImages, made a script that polls: the least that one would write with it."""

import os
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkhss.v5 import HssClient, ListCicdImagesRequest

endpoint, project, name, version = sys.argv[1:]
credentials = BasicCredentials(os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], project)
client = HssClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()
request = ListCicdImagesRequest(image_name=name, image_version=version)
while True:
    try:
        rows = client.list_cicd_images(request).data_list
    except exceptions.ClientRequestException as error:
        sys.exit(f"{error.status_code} {error.error_code} {error.error_msg}")
    if rows and rows[0].scan_status == "success":
        sys.exit(1 if rows[0].severity_level == "High" else 0)
    time.sleep(5)
