"""Who is who: face embeddings, the install option `identity`. Detect makes a few, MergeTracks compares them.

An embedding is biometric data. It lives under work/<job>/templates/ alone, is erased when the job ends, and is never
logged or reported.
"""
