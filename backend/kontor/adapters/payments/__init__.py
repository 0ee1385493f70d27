"""Payment gateways: `http_gateway` speaks to one over HTTP, `simulator` is one to develop and test against."""
