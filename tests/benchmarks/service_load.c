/* Callers of an invoke endpoint, compiled, so that the load takes as little of the machine as it can.

       service_load PORT PATH CALLERS COUNT [echo]

   prints the seconds that COUNT invocations took and the latencies' median and 99th percentile, also in seconds, after
   as many as a fifteenth of them to warm up. Every caller has one connection and sends its next request as soon as it
   has its answer. The event is {"key": N}; N is 1000000 at first, and one more each time, warming up included. Every
   answer must be 200 and end with the handler's result, which with `echo` is the event; anything else ends the
   program. */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CALLERS 64
#define FIRST 1000000
#define EVENT "{\"key\": %07d}"
#define EVENT_LENGTH 16
#define ECHO "%07d}"
#define RESULT "true}"

struct caller { char received[65536], expected[16]; size_t length; double sent; };

static struct caller callers[CALLERS];
static struct pollfd polled[CALLERS];
static char head[1024];
static int echo, number = FIRST;

static void fail(const char *what) { fprintf(stderr, "service_load: %s\n", what); exit(1); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int connected(int port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int sock = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return sock;
}

static void call(int i) {
    char request[1200];
    int length = snprintf(request, sizeof request, "%s" EVENT, head, number);
    snprintf(callers[i].expected, sizeof callers[i].expected, echo ? ECHO : RESULT, number);
    number++;
    callers[i].length = 0;
    callers[i].sent = now();
    if (write(polled[i].fd, request, length) != length) fail("cannot send");
}

/* Whether the answer is whole. */
static int receive(int i) {
    struct caller *c = &callers[i];
    ssize_t n = read(polled[i].fd, c->received + c->length, sizeof c->received - 1 - c->length);
    if (n <= 0) fail("the connection was closed");
    c->length += n;
    c->received[c->length] = 0;
    if (c->length >= 12 && memcmp(c->received, "HTTP/1.1 200", 12)) fail(c->received);
    if (c->received[c->length - 1] != '}') return 0;
    size_t end = strlen(c->expected);
    if (c->length <= end || memcmp(c->received + c->length - end, c->expected, end)) fail(c->received);
    return 1;
}

static void take(int many, int count, double *latencies) {
    int sent = 0, got = 0;
    for (; sent < many && sent < count; sent++) call(sent);
    while (got < count) {
        if (poll(polled, many, 30000) <= 0) fail("no answer for 30 seconds");
        for (int i = 0; i < many; i++) {
            if (!polled[i].revents || !receive(i)) continue;
            latencies[got++] = now() - callers[i].sent;
            if (sent < count) { call(i); sent++; }
        }
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 6) fail("usage: service_load PORT PATH CALLERS COUNT [echo]");
    int many = atoi(argv[3]), count = atoi(argv[4]);
    echo = argc == 6;
    double *latencies = calloc(count, sizeof *latencies);
    if (many < 1 || many > CALLERS || count < 1 || !latencies) fail("CALLERS or COUNT is out of range");
    snprintf(head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
        argv[2], argv[1], EVENT_LENGTH);
    for (int i = 0; i < many; i++) polled[i] = (struct pollfd){ connected(atoi(argv[1])), POLLIN, 0 };
    take(many, count / 15 + 1, latencies);
    double began = now();
    take(many, count, latencies);
    double seconds = now() - began;
    qsort(latencies, count, sizeof *latencies, ascending);
    printf("%.9f %.9f %.9f\n", seconds, latencies[count / 2], latencies[count * 99 / 100]);
    return 0;
}
