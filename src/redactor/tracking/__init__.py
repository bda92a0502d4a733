"""The stages of the tracker, in order: seen, links, stitch, support, heads. redactor.tracks runs them."""
