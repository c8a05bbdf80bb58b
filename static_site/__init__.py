"""The static site of a published day: pages with charts that open without a server or a network."""
