"""moto's memory made durable: what a request changed is on disk before the request is answered."""
