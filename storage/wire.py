"""Connections to the store: bounded in number and in time, and its errors made readable."""

from typing import Any

import urllib3
from minio.error import S3Error

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 10
SERVER_ERROR = 500
# Answers that say nothing of the object: whoever runs the store or us has to do something.
REFUSALS = frozenset(
    {
        "AccessDenied",
        "InternalError",
        "InvalidAccessKeyId",
        "NoSuchBucket",
        "QuotaExceeded",
        "RequestTimeTooSkewed",
        "RequestTimeout",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
        "TooManyRequests",
        "XMinioAdminBucketQuotaExceeded",
    }
)


class Pool(urllib3.PoolManager):
    """Connections to the store, whose errors are readable for minio-py.

    It knows the errors of a store by the media type application/xml alone; rclone sends text/xml.
    """

    def urlopen(self, *arguments: Any, **options: Any) -> urllib3.BaseHTTPResponse:
        answer = super().urlopen(*arguments, **options)
        if answer.headers.get("Content-Type", "").startswith("text/xml"):
            answer.headers["Content-Type"] = "application/xml"
        # A client can claim an encoding of what it sends; what is kept are the bytes as they came.
        answer.headers.discard("Content-Encoding")
        return answer


def pool(connections: int) -> Pool:
    """Up to so many connections that stay open; what may pass is tried twice more."""
    return Pool(
        maxsize=connections,
        timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
        retries=urllib3.Retry(
            total=2,
            backoff_factor=0.1,
            status_forcelist=[500, 502, 503, 504],
            # MinIO says 60 s while it starts; nobody's request waits so long here.
            respect_retry_after_header=False,
        ),
    )


def is_no_answer(error: S3Error) -> bool:
    """Whether the store could not or would not answer, whatever it was asked for."""
    status = error.response.status if error.response is not None else 0
    return status >= SERVER_ERROR or error.code in REFUSALS
