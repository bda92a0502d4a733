"""Video in and out: opening, probing, cutting, decoding, encoding and muxing, on PyAV alone."""
