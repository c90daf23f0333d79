"""What a container image starts: the function's runtime, or an invoke front where no service is there to call it.

`python -m lambdakit.container HANDLER` is the images' entry point, the handler is their command:

    entry      which of the two, and what process 1 of a container has to do besides
    init       process 1: signals forwarded, zombies reaped, the exit status kept
    front      the invoke front: the local service's engine with one function, on port 8080
    settings   what the front's environment variables say
    ports      where the front listens
    health     `python -m lambdakit.container.health`, the images' health check

With AWS_LAMBDA_RUNTIME_API set nothing but the runtime is imported: cold start is the same with it and without. The
images themselves are described in `container/` of the source tree.
"""
