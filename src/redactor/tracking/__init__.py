"""The stages of the tracker, in order: seen, links, stitch, support, heads, persons. redactor.tracks runs them."""
