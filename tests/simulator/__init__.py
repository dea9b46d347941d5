"""A WeChat of our own: the platform's endpoints, its signed callbacks, and phones in the browser."""
