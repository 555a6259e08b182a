"""PicShare beside the Node servers: the same data, requests, machine and answers."""
