// SPDX-License-Identifier: ISC
#include "ftpd/session/refusal.hh"

#include "common/text.hh"

#include <cerrno>
#include <cstring>

namespace ftpd {

Refusal explain(const std::system_error& error, std::string_view object) {
    const int number = error.code().value();
    const std::string shown = common::escape(object);
    switch (number) {
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return {450, common::text(shown, ": ", std::strerror(number), ": try again later.")};
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return {552, common::text(shown, ": ", std::strerror(number), '.')};
    case EXDEV: // openat2(2) found a way out of the tree
    case ELOOP:
        return {550,
                common::text(shown, ": too many symbolic links, or a link whose target does not exist.")};
    case EPERM:
    case EACCES:
        return {
            550, common::text(shown, ": Permission denied to the server's user."), {}, std::string{object}};
    default: return {550, common::text(shown, ": ", std::strerror(number), '.')};
    }
}

} // namespace ftpd
