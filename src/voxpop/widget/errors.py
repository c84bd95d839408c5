"""The errors of signatures."""

from voxpop.errors import Unauthorized


class SignatureInvalid(Unauthorized):
    """The signature of the user is missing, malformed, forged, or valid for too long."""

    code = "SIGNATURE_INVALID"
    message = "The user needs a signature, made on your server with the widget's secret and valid for 24 hours at most."


class SignatureExpired(Unauthorized):
    """The signature of the user is genuine, but its time is over."""

    code = "SIGNATURE_EXPIRED"
    message = "The user's signature has expired. Ask your server for a new one."
