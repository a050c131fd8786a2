"""Other servers that ``bench.server`` measures beside ours, each as small as it can be."""
