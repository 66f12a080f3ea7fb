// SPDX-License-Identifier: ISC
// A reload of a daemon that root started: what serves is an ordinary user, and can open neither the log nor
// the user file nor the configuration nor a low port. The keeper does, at SIGHUP and when ftpctl or chatctl
// asks.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

constexpr std::array programs{"ftpd", "chatd"};
constexpr std::string_view read_again = "configuration read again";

enum class How { hup, ctl };

// A daemon whose configuration, log and user file only root may read.
class Rooted {
public:
    explicit Rooted(std::string program) : program_(std::move(program)) {
        write_user("sesame");
        daemon_.emplace(Daemon::Setting{.lines = lines({}),
                                        .environment = {"NLSPATH=" + catalogues()},
                                        .program = program_,
                                        .in_file = true});
    }

    Daemon& daemon() { return *daemon_; }
    Path log_path() const { return folder_ / "log"; }
    Path users_path() const { return folder_ / "users"; }
    const TempDir& folder() const { return folder_; }
    std::string log_text() const { return std::filesystem::exists(log_path()) ? read_file(log_path()) : ""; }

    void wait_for_log(std::string_view words, std::size_t from = 0) const {
        wait_until(text("the log says ", words), [&] {
            const std::string all = log_text();
            return from <= all.size() && all.find(words, from) != std::string::npos;
        });
    }

    // The harness's lines, those of this place, and more; listeners none: the harness's own.
    Words lines(Words more) const {
        Words all{"log " + log_path().native(), "users " + users_path().native(), "listen 127.0.0.1:0"};
        if (program_ == "chatd")
            all.insert(all.end(), {"flood off", "login-holdoff 0"});
        else
            all.emplace_back("anonymous read");
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    // As ftpctl and chatctl write it: beside it, and then renamed over.
    void write_user(std::string_view password) const {
        const Path fresh = folder_ / "users.new";
        write_file(fresh, text("zoe:", hash_of(password), program_ == "ftpd" ? ":/:list,read\n" : ":-:-\n"));
        REQUIRE(::chmod(fresh.c_str(), 0600) == 0);
        std::filesystem::rename(fresh, users_path());
    }

    Result ctl(const std::string& verb) const {
        return run_client(
            {program_ == "ftpd" ? "ftpctl" : "chatctl", "-s", daemon_->state() / "control", verb});
    }

    // Comes back when the log says how it went.
    Result reload(How how, std::string_view outcome) {
        const std::size_t before = log_text().size();
        Result result{0, {}, {}};
        if (how == How::hup) {
            daemon_->signal(SIGHUP);
            wait_for_log(outcome, before);
        } else {
            result = ctl("reload");
        }
        return result;
    }

    bool lets_in(std::string_view password) const {
        if (program_ == "ftpd") {
            FtpClient client{*daemon_};
            client.command("USER zoe", 331);
            client.send(text("PASS ", password, "\r\n"));
            return client.read_reply().code == 230;
        }
        ChatClient client{*daemon_};
        client.send("zoe\n");
        client.wait_for_text("Your name: Password: ");
        client.say(password);
        if (client.wait_for_text(" ") == "That ") return false; // is not the password
        client.wait_for_text("Room code: ");
        return true;
    }

private:
    std::string program_;
    TempDir folder_;
    std::optional<Daemon> daemon_;
};

// An address of this test's own, with a port that only root may listen on.
std::optional<common::Address> free_low_address() {
    constexpr int first = 21, last = 1023;
    const unsigned pid = static_cast<unsigned>(::getpid());
    const std::string host = text("127.", 1 + (pid >> 16 & 63), '.', pid >> 8 & 255, '.', pid & 255, ':');
    for (int port = first; port <= last; ++port) {
        const common::Address address = common::resolve_address(text(host, port)).at(0);
        try {
            if (common::listen_if_free(address)) return address;
        } catch (const std::exception&) {
            return {};
        }
    }
    return {};
}

// Whether somebody greets who connects there.
bool is_served(const common::Address& address) {
    try {
        return !Connection{address}.read_exactly(1).empty();
    } catch (const std::exception&) {
        return false;
    }
}

mode_t mode_of(const Path& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK(found.st_uid == 0);
    return found.st_mode & 07777;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("root's log is made anew after a rotation and both the keeper and who serves write there") {
        if (!have_proc() || !is_root()) return tests::skip("only root has a process that is not root's");
        for (const char* const program : programs)
            for (const How how : {How::hup, How::ctl}) {
                CAPTURE(program);
                Rooted place{program};
                const Path old = place.folder() / "log.1";
                std::filesystem::rename(place.log_path(), old);
                CHECK(place.reload(how, read_again).status == 0);
                place.wait_for_log(read_again);
                CHECK(mode_of(place.log_path()) == 0640);
                const std::string before = read_file(old);
                CHECK(before.find(read_again) == std::string::npos);
                // who serves
                const Connection client{place.daemon().port()};
                place.wait_for_log(text("]: accept ", client.local().shown()));
                // the keeper
                const pid_t authd = authd_of(place.daemon());
                ::kill(authd, SIGKILL);
                place.wait_for_log(text("keeper[", place.daemon().pid(), "]: authd ", authd,
                                        " ended: signal 9 (Killed); starting another"));
                // what is told to it by a process without a log
                CHECK(place.lets_in("sesame"));
                place.daemon().stop();
                CHECK(read_file(old) == before);
                CHECK(read_file(place.log_path()).find("]: stopped\n") != std::string::npos);
            }
    }

    TEST_CASE("a user file that root alone may read and that was renamed over counts for the next login") {
        if (!have_proc() || !is_root()) return tests::skip("only root has a process that is not root's");
        for (const char* const program : programs) {
            CAPTURE(program);
            Rooted place{program};
            CHECK(place.lets_in("sesame"));
            place.write_user("mellon");
            CHECK(place.lets_in("mellon")); // with or without a HUP
            CHECK_FALSE(place.lets_in("sesame"));
            place.reload(How::hup, read_again);
            CHECK(place.lets_in("mellon"));
            place.write_user("xyzzy");
            place.reload(How::hup, read_again);
            CHECK(place.lets_in("xyzzy"));
            CHECK_FALSE(place.lets_in("mellon"));
            CHECK(mode_of(place.users_path()) == 0600);
        }
    }

    TEST_CASE("a reload opens a port that only root may have and closes what is named no more") {
        if (!have_proc() || !is_root()) return tests::skip("only root may");
        const auto low = free_low_address();
        if (!low) return tests::skip("no low port of the loopback is free");
        const std::string line = "listen " + low->shown();
        for (const char* const program : programs)
            for (const How how : {How::hup, How::ctl}) {
                CAPTURE(program);
                Rooted place{program};
                const common::Address first = place.daemon().addresses().at(0);
                CHECK_FALSE(is_served(*low));
                place.daemon().configure(place.lines({line}));
                CHECK(place.reload(how, read_again).out.empty());
                CHECK(is_served(*low));
                CHECK(is_served(first));
                CHECK(place.reload(how, read_again).status == 0); // nothing is opened twice
                CHECK(is_served(*low));
                place.daemon().configure(place.lines({}));
                CHECK(place.reload(how, read_again).status == 0);
                CHECK_FALSE(is_served(*low));
                CHECK(is_served(first));
            }
    }

    TEST_CASE("a port that is taken at a reload is told and all else of the reload is in force") {
        if (!have_proc() || !is_root()) return tests::skip("only root may");
        const auto low = free_low_address();
        if (!low) return tests::skip("no low port of the loopback is free");
        const common::Fd taken = common::listen_on(*low);
        for (const char* const program : programs) {
            CAPTURE(program);
            Rooted place{program};
            const common::Address first = place.daemon().addresses().at(0);
            place.daemon().configure(place.lines({"listen " + low->shown(), "max-clients 7"}));
            const std::string why = text("listen on ", low->shown(), ": Address already in use");
            place.reload(How::hup, why);
            place.wait_for_log(read_again);
            CHECK(place.ctl("reload").out == why + '\n');
            CHECK(place.ctl("stats").out.find("max-clients 7\n") != std::string::npos);
            CHECK(is_served(first));
        }
    }

    TEST_CASE("a configuration that root alone may read is read again and a wrong one leaves all as it was") {
        if (!have_proc() || !is_root()) return tests::skip("only root may");
        const auto low = free_low_address();
        if (!low) return tests::skip("no low port of the loopback is free");
        for (const char* const program : programs) {
            CAPTURE(program);
            Rooted place{program};
            const common::Address first = place.daemon().addresses().at(0);
            const std::string file = place.daemon().folder() / "daemon.conf";
            CHECK(mode_of(file) == 0600);
            place.daemon().configure(place.lines({"max-clients 7"}));
            place.reload(How::hup, read_again);
            const auto limit = [&] {
                return place.ctl("stats").out.find("max-clients 7\n") != std::string::npos;
            };
            CHECK(limit());
            for (const std::string wrong : {"max-clients many", "no-such-thing", "idle-timeout never"}) {
                place.daemon().configure(place.lines({"listen " + low->shown(), wrong}));
                place.reload(How::hup, "configuration not read again, the old one stays: " + file + ':');
                const Result refused = place.ctl("reload");
                CHECK(refused.status == 1);
                CHECK(refused.err.find(file + ':') != std::string::npos);
                CHECK(limit());
                CHECK_FALSE(is_served(*low));
                CHECK(is_served(first));
            }
            std::filesystem::remove(file);
            place.reload(How::hup, file + ": No such file or directory");
            CHECK(place.ctl("reload").status == 1);
            CHECK(place.lets_in("sesame"));
            place.daemon().configure(place.lines({"max-clients 9"}));
            CHECK(place.ctl("reload").status == 0);
            CHECK(place.ctl("stats").out.find("max-clients 9\n") != std::string::npos);
        }
    }

    TEST_CASE("a log and a user file in a folder that is closed to all but root are opened again") {
        if (!have_proc() || !is_root()) return tests::skip("only root has a process that is not root's");
        // The folder of the configuration and of the log is closed to all but root.
        for (const char* const program : programs) {
            CAPTURE(program);
            Rooted place{program};
            REQUIRE(::chmod(place.folder().path().c_str(), 0700) == 0);
            REQUIRE(::chmod(place.daemon().folder().path().c_str(), 0755) == 0);
            place.write_user("mellon");
            std::filesystem::rename(place.log_path(), place.folder() / "log.1");
            place.reload(How::hup, read_again);
            CHECK(place.lets_in("mellon"));
        }
    }
}
