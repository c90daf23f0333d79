"""Where a function's code comes from, and where it lies: archives unpacked safely, kept by what is in them.

    store = CodeStore(Path(".lambdakit/code"))
    code = store.add(archive_bytes)
    code.folder, code.sha256

Not here: which function has which code (see `control`).
"""
