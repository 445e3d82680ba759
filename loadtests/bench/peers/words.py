"""What a peer says when it refuses; the sentences of the service."""

NO_TOKEN = "Log in and send the access token as `Authorization: Bearer …`."  # noqa: S105  # a sentence
BAD_TOKEN = "The access token is not valid, or no longer."  # noqa: S105  # the same
ENDED = "The session has ended; log in again."
GONE = "The account of this access token is gone."
TOO_MANY = "Too many requests; slow down."
OWN_PET = "Nobody adopts their own pet."
NO_PET = "There is no such pet to adopt."
CONTRADICTION = "You have already decided otherwise about this pet."
