"""Emulator of credential issuers: IAM, STS, the metadata service of an ECS, and GitHub's token service."""
