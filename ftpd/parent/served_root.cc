// SPDX-License-Identifier: ISC
#include "ftpd/parent/served_root.hh"

#include "ftpd/confinement.hh"

#include <string>
#include <sys/stat.h>
#include <system_error>
#include <utility>

using namespace common;

namespace ftpd {

void ServedRoot::look(const Settings& settings, const std::optional<Identity>& identity) {
    if (!identity) return; // sessions have the rights that the keeper has
    try {
        open_root(settings, identity);
    } catch (const std::system_error&) {
        ask();
    }
}

void ServedRoot::renew_if_removed() {
    struct stat found {};
    if (fd_ && ::fstat(fd_.get(), &found) == 0 && found.st_nlink == 0) ask();
}

void ServedRoot::renew() {
    if (fd_) ask();
}

void ServedRoot::ask() {
    if (std::exchange(is_awaited_, true)) return;
    keeper_.want(label_of_root, [this](Fd opened, const std::string&) {
        is_awaited_ = false;
        if (opened) fd_ = std::move(opened); // else each session says why it has none
    });
}

} // namespace ftpd
