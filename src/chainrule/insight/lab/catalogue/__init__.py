"""The exercises, one file a topic: solutions are texts, as students write them."""
