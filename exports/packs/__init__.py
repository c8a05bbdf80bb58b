"""The files of a pack: CSV, its Data Package, manifests, and what changed since the last delivery."""
