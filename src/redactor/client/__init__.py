"""What a person's machine needs to work with a deployed stack, or with `redactor serve`: the extra redactor[client].

stack        where a stack's bucket and state machine are
drops        what to upload under which key, in which order
transfers    uploads that go on where they stopped, checked downloads
jobs         which executions work on a video
following    how far one of them is
"""
