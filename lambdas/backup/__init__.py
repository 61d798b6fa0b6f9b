"""The weekly backup of the values of secrets: read, packed and written from memory to S3, never to a file or a log."""
