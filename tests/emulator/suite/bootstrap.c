/* A runtime and the suite's function in one compiled program, as a `bootstrap` in Go, Rust or C++ is one. Its twins are
 * app.py and app.mjs; what it does is said by the event. It speaks the Runtime API over one connection. */

#define _GNU_SOURCE
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RUNTIME "/2018-06-01/runtime"
#define ERROR(type, message) "{\"errorMessage\":\"" message "\",\"errorType\":\"" type "\"}"
#define ERROR_TYPE "Lambda-Runtime-Function-Error-Type: "
#define RAISED ERROR("AsAskedError", "as asked")

struct reply {
    char *head, *body;
    size_t length;
};

static int api = -1;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void open_api(void) {
    char address[256];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    snprintf(address, sizeof address, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
    char *port = strrchr(address, ':');
    *port++ = '\0';
    if (getaddrinfo(address, port, &hints, &found) != 0) fail("getaddrinfo");
    api = socket(found->ai_family, SOCK_STREAM, 0);
    if (api < 0 || connect(api, found->ai_addr, found->ai_addrlen) != 0) fail("connect");
    freeaddrinfo(found);
}

static void send_all(const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(api, data, length, MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        data += sent;
        length -= (size_t)sent;
    }
}

__attribute__((format(printf, 1, 2))) static void sendf(const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    send_all(text, (size_t)length);
    free(text);
}

/* The value of a header, or NULL; to be freed. */
static char *header(const struct reply *reply, const char *name) {
    size_t length = strlen(name);
    for (char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            char *value = line + length + 1 + strspn(line + length + 1, " ");
            return strndup(value, strcspn(value, "\r"));
        }
    }
    return NULL;
}

static struct reply receive(void) {
    static char head[65536];
    size_t length = 0;
    do {
        if (length + 1 >= sizeof head || recv(api, head + length, 1, 0) != 1) fail("recv");
        head[++length] = '\0';
    } while (length < 4 || strcmp(head + length - 4, "\r\n\r\n") != 0);
    struct reply reply = {head, NULL, 0};
    char *given = header(&reply, "Content-Length");
    reply.length = given != NULL ? strtoul(given, NULL, 10) : 0;
    reply.body = calloc(1, reply.length + 1);
    for (size_t at = 0; at < reply.length;) {
        ssize_t got = recv(api, reply.body + at, reply.length - at, 0);
        if (got <= 0) fail("recv");
        at += (size_t)got;
    }
    free(given);
    return reply;
}

static void post(const char *path, const char *headers, const char *body, size_t length) {
    sendf("POST " RUNTIME "%s HTTP/1.1\r\nHost: api\r\nContent-Length: %zu\r\n%s\r\n", path, length, headers);
    send_all(body, length);
    free(receive().body);
}

static void chunk(const char *text) { sendf("%zx\r\n%s\r\n", strlen(text), text); }

static void stream(const char *path, const char *event, int raises) {
    sendf("POST " RUNTIME "%s HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n"
          "Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: Lambda-Runtime-Function-Error-Type, "
          "Lambda-Runtime-Function-Error-Body\r\n\r\n", path);
    chunk("piece 0;");
    while (access("gate", F_OK) != 0) usleep(5000);
    if (raises) {
        /* The error's JSON in base64. */
        sendf("0\r\n" ERROR_TYPE "AsAskedError\r\nLambda-Runtime-Function-Error-Body: "
              "eyJlcnJvck1lc3NhZ2UiOiJhcyBhc2tlZCIsImVycm9yVHlwZSI6IkFzQXNrZWRFcnJvciJ9\r\n\r\n");
    } else {
        chunk("piece 1;");
        chunk(event);
        sendf("0\r\n\r\n");
    }
    free(receive().body);
}

static long left(const char *deadline) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return strtol(deadline, NULL, 10) - (long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* The answer to an event, to be freed. */
static char *answer(const struct reply *event, const char *id) {
    static int count = 0;
    char *deadline = header(event, "Lambda-Runtime-Deadline-Ms"), *arn = header(event, "Lambda-Runtime-Invoked-Function-Arn");
    char *client = header(event, "Lambda-Runtime-Client-Context"), *trace = header(event, "Lambda-Runtime-Trace-Id");
    char *text;
    const char *format = "{\"count\":%d,\"pid\":%d,\"id\":\"%s\",\"arn\":\"%s\",\"left\":%ld,\"client\":%s,"
                         "\"trace\":\"%s\",\"name\":\"%s\",\"event\":%s}";
    if (asprintf(&text, format, ++count, getpid(), id, arn, left(deadline), client != NULL ? client : "null", trace,
                 getenv("AWS_LAMBDA_FUNCTION_NAME"), event->body) < 0)
        fail("asprintf");
    free(deadline), free(arn), free(client), free(trace);
    return text;
}

static int does(const struct reply *event, const char *what) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "{\"do\": \"%s\"", what);
    return strncmp(event->body, wanted, strlen(wanted)) == 0;
}

/* A string of so many characters, as JSON. */
static char *given(size_t size) {
    char *text = malloc(size + 3);
    memset(text, 'x', size + 2);
    text[0] = text[size + 1] = '"';
    text[size + 2] = '\0';
    return text;
}

static char *result(const struct reply *event, const char *id) {
    char *text;
    if (does(event, "log")) {
        fputs("to stdout\n", stdout), fflush(stdout);
        fputs("to stderr\n", stderr);
    }
    if (does(event, "give")) return given(strtoul(strstr(event->body, "\"size\": ") + 8, NULL, 10));
    if (does(event, "take")) {
        char *from = strstr(event->body, "\"text\": \"") + 9;
        if (asprintf(&text, "%td", strrchr(from, '"') - from) < 0) fail("asprintf");
        return text;
    }
    return answer(event, id);
}

static void handle(const struct reply *event, int streams) {
    char *id = header(event, "Lambda-Runtime-Aws-Request-Id"), path[128];
    int raises = does(event, "raise");
    if (does(event, "exit")) fputs("last words\n", stdout), fflush(stdout), _exit(7);
    if (does(event, "kill")) raise(SIGKILL);
    if (does(event, "wait")) sleep(60);
    snprintf(path, sizeof path, "/invocation/%s/%s", id, raises && !streams ? "error" : "response");
    if (streams) {
        stream(path, event->body, raises);
    } else if (raises) {
        post(path, ERROR_TYPE "AsAskedError\r\n", RAISED, strlen(RAISED));
    } else {
        char *text = result(event, id);
        post(path, "Content-Type: application/json\r\n", text, strlen(text));
        free(text);
    }
    free(id);
}

int main(void) {
    const char *at_start = getenv("AT_START"), *error = ERROR("NotTodayError", "not today");
    open_api();
    if (at_start != NULL && strcmp(at_start, "exit") == 0) _exit(4);
    if (at_start != NULL) {
        post("/init/error", ERROR_TYPE "NotTodayError\r\n", error, strlen(error));
        return 1;
    }
    for (;;) {
        sendf("GET " RUNTIME "/invocation/next HTTP/1.1\r\nHost: api\r\n\r\n");
        struct reply event = receive();
        handle(&event, strstr(getenv("_HANDLER"), ".stream") != NULL);
        free(event.body);
    }
}
