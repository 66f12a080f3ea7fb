// SPDX-License-Identifier: ISC
// The listening sockets of a daemon, as its keeper has them: opened by the configuration, or passed by a
// service manager, whose sockets take the place of all.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"
#include "common/log.hh"

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace common {

// listen_on; but where another process serves there, waits so long for its end: one of a daemon that was
// killed may end later than whoever it was killed with.
Fd listen_within(std::chrono::milliseconds limit, const Address& address, mode_t mode = 0666);

// Removes the file of a Unix socket that listens; other listeners have none.
void remove_socket_file(int fd);

class Listeners {
public:
    struct Listener {
        std::string label; // with its address
        Fd fd;
    };

    // Takes those of the service manager. Throws UserError for a path that it has named `tls'.
    Listeners();
    // Those that another process of this daemon has opened, or been passed. are_anothers: their files stay.
    enum class Files { are_ours, are_anothers };
    Listeners(std::vector<Listener> opened, bool inherited, Files files)
        : all_(std::move(opened)), inherited_(inherited), files_(files) {}
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;
    ~Listeners() { close(); }

    // Of those of the service manager, TLS or IRC is spoken at those that it has named so, and at those whose
    // address a place with these words has. Throws UserError when such a place is none of them, and when
    // there is no TLS at all.
    void choose_spoken(const std::vector<std::string>& places, bool there_is_tls);
    // Opens the places that are wanted and not there, and closes those that are there and not wanted. Names
    // are looked up. told: takes what cannot be done; nullptr: that is thrown. limit: as listen_within.
    void open(const std::vector<std::string>& places, std::vector<Note>* told,
              std::chrono::milliseconds limit = {});
    // Closes those of these labels that are there.
    void leave_out(const std::vector<std::string>& labels);
    // on_new and on_gone hear what open does from now on.
    void tell_changes(std::function<void(const Listener&)> on_new,
                      std::function<void(const std::string& label)> on_gone);
    // Removes the files of Unix sockets, but not of those that the service manager has made.
    void close();

    const std::vector<Listener>& all() const { return all_; }
    bool are_inherited() const { return inherited_; }

private:
    void close(const Listener& one) const;
    void tell_unspoken(const std::vector<std::string>& places, std::vector<Note>& told) const;

    std::vector<Listener> all_;
    std::function<void(const Listener&)> on_new_;
    std::function<void(const std::string&)> on_gone_;
    bool inherited_ = false;
    Files files_ = Files::are_ours;
};

} // namespace common
