// SPDX-License-Identifier: ISC
// A real authd with a parent's loop around it, and clients of it, for tests. Linked by the authd tests only.
#pragma once

#include "common/authd/authd_link.hh"
#include "common/errors.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <unistd.h>

// What the tests' passwords are hashed with: rounds of SHA-256, so that a check takes as long as a test
// wants. 1000 take less than a millisecond.
inline std::string hash_of(std::string_view password, unsigned rounds = 1000) {
    const std::string setting = common::text("$5$rounds=", rounds, "$a.salt$");
    const char* const hash = ::crypt(common::Secret{password}.c_str(), setting.c_str());
    REQUIRE(hash != nullptr);
    REQUIRE(*hash == '$');
    return hash;
}

inline common::Address address_of(const std::string& host) {
    return common::resolve_address(host + ":1").at(0);
}

class AuthdHouse {
public:
    struct Setting {
        std::string users{}; // the file's lines; "-": no file
        unsigned tries = 3;
        std::chrono::seconds first_wait{1000};
        std::chrono::seconds longest_wait{0}; // of an address; none
        std::vector<common::StoredSecret> secrets{};
        std::size_t workers = 2;
        std::chrono::milliseconds max_check_time{60'000};
        std::chrono::seconds time_alone{60};
    };

    explicit AuthdHouse(const Setting& setting) : stderr_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)) {
        if (setting.users != "-") write_users(setting.users);
        const common::Fd log{::open(log_path().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)};
        REQUIRE(::dup2(log.get(), STDERR_FILENO) == STDERR_FILENO);
        common::AuthdSettings settings;
        if (setting.users != "-") settings.users = users_path();
        settings.table = &common::user_table("ftpd");
        settings.tries = setting.tries;
        settings.holdoff.first = setting.first_wait;
        settings.holdoff.max_wait = setting.longest_wait;
        settings.secrets = setting.secrets;
        settings.events = common::best_backend();
        settings.workers = setting.workers;
        settings.max_check_time = setting.max_check_time;
        settings.time_alone = setting.time_alone;
        settings.failure_delay = std::chrono::milliseconds{1};
        link_.emplace(loop_, log_, std::move(settings));
    }
    ~AuthdHouse() {
        link_->stop();
        link_->wait();
        ::dup2(stderr_.get(), STDERR_FILENO);
        if (std::uncaught_exceptions() > 0) MESSAGE(log());
    }
    AuthdHouse(const AuthdHouse&) = delete;
    AuthdHouse& operator=(const AuthdHouse&) = delete;

    common::AuthdLink& link() { return *link_; }
    common::Loop& loop() { return loop_; }
    std::string users_path() const { return folder_ / "users"; }
    std::string log() const {
        std::ifstream file{log_path()};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    // In one step, as an editor should; each is a change, however soon it comes.
    void write_users(const std::string& lines) {
        const std::string path = folder_ / "new";
        {
            std::ofstream file{path};
            file << lines;
        }
        REQUIRE(::chmod(path.c_str(), 0600) == 0);
        REQUIRE(::rename(path.c_str(), users_path().c_str()) == 0);
    }

    // Runs the parent's loop until it is so.
    void wait_until(const std::string& what, const std::function<bool()>& holds) {
        const auto deadline = common::Clock::now() + std::chrono::seconds{60};
        while (!holds()) {
            if (common::Clock::now() > deadline) FAIL("not in time: ", what, "\n", log());
            // Not every change wakes the loop: a log, a file.
            const auto tick = loop_.at(common::Clock::now() + std::chrono::milliseconds{20}, [] {});
            loop_.run_once(signals_.while_waiting());
            loop_.cancel(tick);
            if (!signals_.take(SIGCHLD)) continue;
            nobody_.reap([](const common::Ended&) {},
                         [this](pid_t pid, int status) { link_->on_child_end(pid, status); });
        }
    }
    void wait_for_log(const std::string& text) {
        wait_until(text, [&] { return log().find(text) != std::string::npos; });
    }

    common::Login connect(const std::string& host = "127.0.0.1") {
        return common::Login{link_->open_client(address_of(host))};
    }
    common::Verdict wait_for_verdict(common::Login& login) {
        std::optional<common::Verdict> verdict;
        if (login.fd() >= 0) loop_.watch(login.fd(), common::Interest::read, [](const common::Event&) {});
        const int fd = login.fd();
        wait_until("a verdict", [&] { return verdict || (verdict = login.take_verdict()); });
        if (fd >= 0) loop_.forget(fd);
        return *verdict;
    }
    common::Verdict ask(common::Login& login, std::string_view name, std::string_view password,
                        common::LoginKind kind = common::LoginKind::user) {
        login.ask(kind, name, password);
        return wait_for_verdict(login);
    }
    common::Verdict ask_once(std::string_view name, std::string_view password,
                             const std::string& host = "127.0.0.1") {
        common::Login login = connect(host);
        return ask(login, name, password);
    }

private:
    std::string log_path() const { return folder_ / "log"; }

    TemporaryFolder folder_;
    common::Fd stderr_;
    common::Signals signals_{SIGCHLD};
    common::Loop loop_{common::best_backend()};
    common::Log log_{"test", "parent", common::Log::Target::standard_error, common::Severity::detail};
    common::Children nobody_;
    std::optional<common::AuthdLink> link_;
};
