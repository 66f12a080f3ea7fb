// SPDX-License-Identifier: ISC
#include "common/text.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/faults/stage.hh"

#include <algorithm>
#include <signal.h>

namespace faults {
namespace {

using namespace e2e;
using common::text;

class FtpStage : public Stage {
public:
    FtpStage() {
        root_ = folder_.make_shared("root");
        write_file(folder_ / "users",
                   text("ann:", hash_of("sesame"), ":/:list,read,write,overwrite,delete\n"));
        std::filesystem::permissions(folder_ / "users", std::filesystem::perms::owner_all);
        write_file(folder_ / "ftpd.conf", "");
        make_endless_file(root_ / "endless");
        start({.lines = {"root " + root_.native(), text("users ", (folder_ / "users").native()),
                         "login-holdoff 0", text("xferlog ", xferlog().native())},
               .options = {"-f", folder_ / "ftpd.conf"}},
              "parent");
        idle_.emplace(log_in(served_limit));
        fetching_.emplace(log_in(served_limit));
        fetched_.emplace(begin_transfer(*fetching_, "RETR endless"));
        storing_.emplace(log_in(served_limit));
        stored_.emplace(begin_transfer(*storing_, "STOR sitting"));
    }

    Scene scene(std::string_view name) override;
    void verify(unsigned may_lose) override;
    void close() override;

private:
    Path xferlog() const { return folder_ / "xferlog"; }
    FtpClient log_in(Seconds limit) {
        FtpClient client{daemon(), limit};
        client.command("USER ann", 331);
        client.command("PASS sesame", 230);
        client.command("TYPE I", 200);
        return client;
    }
    void connect() { guest_.emplace(daemon(), scene_limit()); }
    void enter() { guest_.emplace(log_in(scene_limit())); }
    // Of the connection, told in the log too.
    void end() {
        const pid_t session = child_for(*guest_);
        guest_.reset();
        wait_for_log(text("end pid ", session, ' '));
    }
    // Who comes while authd is started again is told to come again.
    void enter_in_the_end() {
        const auto deadline = std::chrono::steady_clock::now() + served_limit;
        for (Reply reply{}; reply.code != 230;) {
            guest_.emplace(daemon(), served_limit);
            guest_->command("USER ann", 331);
            guest_->send("PASS sesame\r\n");
            reply = guest_->read_reply();
            const bool is_told_so = reply.text.find("connect again in a moment") != std::string::npos;
            if (reply.code != 230 && (!is_told_so || std::chrono::steady_clock::now() > deadline))
                throw Failure{reply.text};
        }
        guest_->command("TYPE I", 200);
    }
    void store() {
        ++turns_;
        content_after_ = text("content ", turns_, '\n', make_bytes(1000, turns_));
        is_stored_ = false;
        guest_->store("STOR file", content_after_);
        is_stored_ = true;
        content_before_ = content_after_;
    }
    void check_files();

    TempDir folder_;
    Path root_;
    std::optional<FtpClient> idle_, fetching_, storing_, guest_;
    std::optional<Connection> fetched_, stored_;
    std::string sent_; // of what sits there
    std::string content_before_, content_after_;
    bool is_stored_ = true;
    unsigned turns_ = 0;
};

Stage::Scene FtpStage::scene(std::string_view name) {
    const auto enter_it = [this] { enter(); };
    if (name == "connect")
        return {[] {},
                [this] {
                    connect();
                    guest_->send("QUIT\r\n");
                    guest_->expect(221);
                    end();
                }};
    if (name == "log in")
        return {[] {},
                [this] {
                    connect();
                    guest_->command("USER ann", 331);
                    guest_->command("PASS sesame", 230);
                }};
    if (name == "transfer")
        return {enter_it, [this] {
                    store();
                    if (guest_->fetch("RETR file") != content_after_) throw Failure{"fetched something else"};
                    guest_->get("file");
                    end();
                }};
    if (name == "kick")
        return {enter_it, [this] {
                    ask({"ftpctl", "kick", std::to_string(child_for(*guest_))});
                    guest_->wait_for_end();
                    end();
                }};
    if (name == "reload")
        return {[] {},
                [this] {
                    write_file(folder_ / "ftpd.conf", text("max-upload ", ++turns_, "M\n"));
                    ask({"ftpctl", "reload"});
                    enter();
                }};
    if (name == "status")
        return {enter_it, [this] {
                    ask({"ftpctl", "who"});
                    ask({"ftpctl", "stats"});
                }};
    if (name == "end")
        return {enter_it, [this] {
                    const pid_t session = child_for(*guest_);
                    Connection data = begin_transfer(*guest_, "STOR file");
                    data.send("half");
                    ::kill(session, SIGKILL);
                    end();
                }};
    if (name == "authd's death")
        return {[this] { process("authd"); },
                [this] {
                    kill_process("authd");
                    enter();
                }};
    if (name == "parent's death")
        return {[] {},
                [this] {
                    kill_process("parent");
                    enter();
                },
                3};
    if (name == "signals")
        return {[] {},
                [this] {
                    const std::size_t before = daemon().log().size();
                    write_file(folder_ / "ftpd.conf", text("max-upload ", ++turns_, "M\n"));
                    daemon().signal(SIGHUP);
                    wait_for_log("read again", before); // or not
                    daemon().signal(SIGUSR1);
                    wait_for_log("clients ", before);
                }};
    throw Failure{text("there is no scene ", name)};
}

void FtpStage::verify(unsigned may_lose) {
    guest_.reset();
    check_files();
    enter_in_the_end();
    store();
    if (guest_->fetch("RETR file") != content_after_) throw Failure{"fetched something else"};
    guest_->command("QUIT", 221);
    guest_.reset();
    check_files();
    const auto go_on = [&](std::string_view who, std::optional<FtpClient>& client, const auto& step) {
        if (!client) return;
        try {
            step();
        } catch (const Failure&) {
            client->wait_for_end(); // or it waits in vain
            client.reset();
            lose(who, may_lose);
        }
    };
    go_on("who does nothing", idle_, [&] { idle_->command("NOOP", 200); });
    go_on("who fetches", fetching_, [&] { fetched_->read_exactly(100); });
    go_on("who stores", storing_, [&] {
        const std::string piece = text("piece ", turns_, '\n');
        stored_->send(piece);
        sent_ += piece;
    });
    const unsigned sitting = idle_.has_value() + fetching_.has_value() + storing_.has_value();
    wait_until("only those who sit there are left", [&] {
        const auto clients = stat_of(daemon(), "clients");
        return clients == sitting || (may_lose > 0 && clients < sitting);
    });
}

// Nobody has seen half a file, and what was answered with 226 is there.
void FtpStage::check_files() {
    const Path file = root_ / "file";
    const std::string found = std::filesystem::exists(file) ? read_file(file) : "";
    if (found == content_after_) content_before_ = content_after_;
    if (found != content_before_)
        throw Failure{text("the file holds ", found.substr(0, 20), " of ", found.size(), " bytes")};
    if (!is_stored_) return;
    for (const std::string& line :
         std::filesystem::exists(xferlog()) ? common::split_lines(read_file(xferlog())) : Words{})
        if (common::split(line, ' ').size() < 18)
            throw Failure{text("half a line in the transfer log: ", line)};
}

void FtpStage::close() {
    if (storing_) {
        stored_->close();
        storing_->expect(226);
        if (read_file(root_ / "sitting") != sent_)
            throw Failure{"what was stored meanwhile is not what was sent"};
    }
    storing_.reset();
    fetching_.reset();
    fetched_.reset();
    idle_.reset();
    daemon().stop();
}

} // namespace

std::unique_ptr<Stage> make_ftpd_stage() { return std::make_unique<FtpStage>(); }

} // namespace faults
