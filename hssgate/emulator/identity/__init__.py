"""IAM, STS, the metadata service of an ECS and GitHub's token service, as far as they lead to the API of HSS."""
