"""The error family. Each class is named for what went wrong and says what to do next.

RedactorError
├── InputError            a person mends the input and drops it again; never retried
│   ├── InvalidKey          a key we refuse to work on
│   ├── InvalidPreset       the job configuration
│   ├── InvalidIdList       foo_IDList.txt
│   ├── InvalidAnnotations  foo_annotations.json
│   ├── AmbiguousSidecar    one sidecar fits two videos
│   ├── UnreadableVideo     not a video we open
│   ├── TruncatedVideo      the file ends before its own index says
│   └── VideoTooLarge       over a cap on pixels, frames, streams or time
├── JobError              the job stops, nothing is published; never retried
│   ├── SourceChanged       the video is gone or no longer the version claimed
│   ├── DamagedVideo        frames lost, corrupt or not where the index says
│   ├── MissingResult       an earlier step's result is absent or partial
│   ├── OutputMismatch      the result is not what it must be
│   ├── OutputInTheWay      somebody's own file stands under an output name
│   ├── LostClaim           another execution owns this job now
│   ├── ModelMissing        no detector weights, or their hash is wrong
│   └── AccessDenied        the step's role may not read or write
└── TryAgain              a passing fault; the state machine retries it by this name
"""

from collections.abc import Sequence
from typing import ClassVar


class RedactorError(Exception):
    """Base of all errors that leave a step.

    field: what is wrong, as the person wrote it (a preset option, a JSON path, a line number).
    allowed: the words that would have been right, where there is such a list.
    """

    advice: ClassVar[str] = "Look at the execution in the Step Functions console."
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.allowed = tuple(allowed)

    @property
    def code(self) -> str:
        """The name that the state machine, the report and the command line use."""
        return type(self).__name__


class InputError(RedactorError):
    advice = "Mend the input and drop it again."


class InvalidKey(InputError):
    advice = "Rename the object and upload it again."


class InvalidPreset(InputError):
    advice = "Mend the preset and drop the video again."


class InvalidIdList(InputError):
    advice = "Mend the id list and drop it again."


class InvalidAnnotations(InputError):
    advice = "Mend the annotations, or run analyze again, and drop the id list again."


class AmbiguousSidecar(InputError):
    advice = "Put the videos into separate folders, or name the sidecar after the whole file name."


class UnreadableVideo(InputError):
    advice = "Send a video that plays: MP4, MOV, WMV, M4V, MKV, WebM, AVI or MPEG-TS."


class TruncatedVideo(InputError):
    advice = "Upload the whole file again."


class VideoTooLarge(InputError):
    advice = "Split the video, or raise the limit in the stack's settings."


class JobError(RedactorError):
    pass


class SourceChanged(JobError):
    advice = "Upload the video again."


class DamagedVideo(JobError):
    advice = (
        "Repair or transcode the video and upload it again, or set experimentalOptions.allowGaps: "
        "what cannot be decoded then comes out black."
    )


class MissingResult(JobError):
    advice = "Redrive the execution; if it fails again, drop the video again."


class OutputMismatch(JobError):
    advice = "Nothing was published. Keep the video and report this as a defect."


class OutputInTheWay(JobError):
    advice = "Move the file that stands under the output's name and drop the video again."


class LostClaim(JobError):
    advice = "Nothing to do: another execution works on this job."


class ModelMissing(JobError):
    advice = "Bring the weights (make models), or set REDACTOR_MODEL_PATH to the folder that holds them."


class AccessDenied(JobError):
    advice = "Give the step's role access to the object and its key, then redrive."


class TryAgain(RedactorError):
    advice = "Nothing to do: the state machine retries."
    retryable = True
