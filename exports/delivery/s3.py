"""Delivery to a bucket of S3-compatible storage."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, BinaryIO, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError, SSLError

from contract.connections import Connection
from exports.delivery.destinations import Destination
from exports.delivery.transport import TIMEOUT_SECONDS, Broken, DeliveryError, Refused

_SINGLE_PUT = 64 << 20  # bytes of an object that is sent in one piece
_PART = 16 << 20  # bytes of each part of a larger one; S3 takes 10,000 parts


class S3:
    """A bucket of S3-compatible storage: an object is visible when its upload is complete.

    Bodies are sent as they are, with their MD5 worked out before, in the header that every such storage knows and checks. What
    boto3 does by itself, a checksum behind the body (aws-chunked), many of them refuse.
    """

    def __init__(self, destination: Destination, connection: Connection):
        self.bucket, _, prefix = destination.path.strip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.connection = connection.name
        extra = connection.extra
        try:
            self.client: Any = boto3.client(
                "s3",
                endpoint_url=extra.get("endpoint_url") or None,
                region_name=extra.get("region_name") or "us-east-1",
                aws_access_key_id=connection.login,
                aws_secret_access_key=connection.password,
                config=Config(
                    retries={"total_max_attempts": 1},
                    connect_timeout=TIMEOUT_SECONDS,
                    read_timeout=TIMEOUT_SECONDS,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    s3={"addressing_style": extra.get("addressing_style", "path")},
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise Refused(f"connection {connection.name} cannot be used: {error}; docs/exports.md shows one") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    def put(self, path: Path, name: str) -> None:
        key = self.prefix + name
        try:
            with path.open("rb") as source:
                if path.stat().st_size <= _SINGLE_PUT:
                    digest = hashlib.file_digest(source, _md5).digest()
                    source.seek(0)
                    self.client.put_object(Bucket=self.bucket, Key=key, Body=source, ContentMD5=_in_header(digest))
                else:
                    self._put_parts(source, key)
        except (ClientError, BotoCoreError) as error:
            raise self._fault(error) from error

    def size(self, name: str) -> int | None:
        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)["ContentLength"])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise self._fault(error) from error
        except BotoCoreError as error:
            raise self._fault(error) from error

    def delete(self, name: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)
        except (ClientError, BotoCoreError) as error:
            raise self._fault(error) from error

    def files(self) -> dict[str, int]:
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix, Delimiter="/")
            listed = [entry for page in pages for entry in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise self._fault(error) from error
        found = {entry["Key"].removeprefix(self.prefix): int(entry["Size"]) for entry in listed}
        return {name: size for name, size in found.items() if name}  # some storages list the folder itself

    def get(self, name: str, path: Path) -> None:
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]
            with path.open("wb") as out:
                for piece in body.iter_chunks(1 << 20):
                    out.write(piece)
        except (ClientError, BotoCoreError) as error:
            raise self._fault(error) from error

    def _put_parts(self, source: BinaryIO, key: str) -> None:
        self._abort_uploads(key)
        upload = {"Bucket": self.bucket, "Key": key}
        upload["UploadId"] = self.client.create_multipart_upload(**upload)["UploadId"]
        parts: list[dict[str, Any]] = []
        while body := source.read(_PART):
            number = len(parts) + 1
            sent = self.client.upload_part(**upload, PartNumber=number, Body=body, ContentMD5=_in_header(_md5(body).digest()))
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def _abort_uploads(self, key: str) -> None:
        """Drop the parts that a broken or killed upload of this object left: they are invisible, but cost."""
        for upload in self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", []):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _fault(self, error: Exception) -> DeliveryError:
        match error:
            case ClientError():
                return self._answer(error.response)
            case NoCredentialsError():
                return Refused(f"connection {self.connection} has no keys; put them in as login and password")
            case ParamValidationError():
                return Refused(f"no storage has a bucket {self.bucket!r}; correct path, which is bucket/prefix")
            case SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return Refused(
                    f"the certificate of the storage of bucket {self.bucket} is not trusted: {error}; "
                    "correct endpoint_url, or name the authority's certificate in AWS_CA_BUNDLE"
                )
            case _:
                return Broken(f"the storage of bucket {self.bucket} cannot be reached: {error}; check endpoint_url")

    def _answer(self, response: Any) -> DeliveryError:
        """What the storage answered, in words."""
        code, message = response["Error"]["Code"], response["Error"].get("Message", "")
        match code:
            case "NoSuchBucket":
                return Refused(f"there is no bucket {self.bucket}; make it, or correct path")
            case "RequestTimeTooSkewed" | "RequestExpired" | "AuthFailure":
                return Refused(f"the storage refuses this machine's time ({code}); set its clock right (NTP)")
            case "AccessDenied" | "403" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AllAccessDisabled":
                return Refused(f"bucket {self.bucket} refuses the keys of the connection ({code}); check them and their rights")
            case "QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage" | "507":
                return Refused(f"bucket {self.bucket} is full ({code}); make room there")
            case "SecondLevelDomainForbidden":
                return Refused(
                    f"the storage wants bucket {self.bucket} in the name of the host ({code}); "
                    f"add addressing_style=virtual to connection {self.connection}"
                )
            case "PermanentRedirect" | "301" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException":
                return Refused(
                    f"bucket {self.bucket} lies in another region or at another address ({code} {message}); "
                    f"correct region_name and endpoint_url of connection {self.connection}"
                )
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if 400 <= status < 500 and not {status, code} & _MAY_HOLD_LATER:
            return Refused(f"bucket {self.bucket} does not take this request ({code} {message}); ask who runs the storage")
        return Broken(f"bucket {self.bucket} has a fault of its own ({code} {message}); if it stays, ask who runs the storage")


# Of HTTP's client errors: a time-out, a conflict, too early, too many requests, a body that was damaged on its way.
_MAY_HOLD_LATER = {408, 409, 425, 429, "RequestTimeout", "BadDigest", "NoSuchUpload"}


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _in_header(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
