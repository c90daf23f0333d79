"""What runs inside an image's build: the files of the minimal variant, byte code, and the list of what is in it.

`lambdakit image` copies this directory into the build's context, and the Containerfile runs it as a package called
`rootfs`, with the base's own interpreter. So it imports nothing but the standard library and, relatively, itself, and
nothing of the target is executed: what it needs to know of programs is read from their files. That is why an image for
another architecture needs no emulation of it.
"""
