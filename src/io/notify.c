#include "proa/io/notify.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool proa_notify_send(const char *name, struct proa_slice state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const size_t len = name ? strlen(name) : 0;
    if (len < 2 || len >= sizeof addr.sun_path || (name[0] != '/' && name[0] != '@')) {
        return false;
    }
    memcpy(addr.sun_path, name, len);
    if (name[0] == '@') {
        addr.sun_path[0] = '\0';
    }
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    const socklen_t addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    const ssize_t sent =
        sendto(fd, state.ptr, state.len, MSG_NOSIGNAL, (const struct sockaddr *)&addr, addr_len);
    (void)close(fd);
    return sent == (ssize_t)state.len;
}
