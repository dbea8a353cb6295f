"""The folders of a batch: the tables that come in, the buckets between, the plans that come out."""
