"""The HTTP faces of functions: how a request becomes an event, and a function's answer a response.

Function URLs, API Gateway (REST and HTTP APIs) and load balancers, each as the service does it, down to the answers it
gives where the function's is malformed. `server` and `connection` know sockets; the rooms that translate do not.
"""
