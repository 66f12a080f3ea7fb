// SPDX-License-Identifier: ISC
// An ftpd with users, and clients of it with whom everything is half done when its parent dies, or another
// version takes its place: none of them may notice.
#pragma once

#include "tests/e2e/observe.hh"

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace e2e {

// A tree with a file, a user zoe with a home in it, and the log of transfers.
struct ServedPlace {
    static constexpr std::size_t file_size = 24 << 20; // more than a connection's buffers hold

    TempDir folder;
    Path root = folder.make_shared("root"), xferlog = folder.make_shared("logs") / "xferlog";
    std::string bytes = make_bytes(file_size); // of `file'

    ServedPlace();
    Words lines(Words more = {}) const;
    // The user file's, for this password of zoe's.
    void write_users(const std::string& password = "sesame") const;
    // How often a path stands in the transfer log, with all of its direction ("o" to the client).
    std::size_t logged(std::string_view path, std::string_view direction) const;
};

FtpClient log_in(const Daemon& daemon, const std::string& name, const std::string& password);

// Whether `who' lists this session.
bool lists(const Daemon& daemon, pid_t session);

// Fetches `small' and stores a file of its own, again and again.
class TransferWorker {
public:
    TransferWorker(const Daemon& daemon, const std::string& name);
    ~TransferWorker() { finish(); }
    TransferWorker(const TransferWorker&) = delete;
    TransferWorker& operator=(const TransferWorker&) = delete;

    // What went wrong.
    const std::string& finish();
    // Once it has finished.
    std::size_t fetched() const { return fetched_; }
    std::size_t stored() const { return stored_; }

private:
    void work(const Daemon& daemon, const std::string& name);

    std::atomic<bool> is_over_ = false;
    std::size_t fetched_ = 0, stored_ = 0;
    std::string failure_;
    std::thread thread_;
};

// What is told of the end of a session of the parent before: the keeper sees it on Linux only.
std::string end_of_old(const std::string& how);

// Stops it: none of its processes lives on.
void check_nothing_is_left(Daemon& daemon);

// Every kind of transfer, half done, and sessions in which nothing happens, while something befalls the
// daemon; then all is finished.
void go_on_over(Daemon& daemon, const ServedPlace& place, const std::function<void()>& event);

} // namespace e2e
