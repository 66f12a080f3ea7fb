// SPDX-License-Identifier: ISC
#include "common/text.hh"
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/faults/stage.hh"

#include <algorithm>
#include <set>
#include <signal.h>

namespace faults {
namespace {

using namespace e2e;
using common::text;

// There is no token to wait for: nobody has a place kept.
void enter_lobby(ChatClient& client, std::string_view name) {
    client.send(text(name, "\n\n"));
    client.wait_for_text("You are in lobby. /help lists what you can do.\n");
}

// One of those who sit in the lobby, and all that it was shown.
class Sitting {
public:
    Sitting(const Daemon& daemon, std::string_view name) : name_(name), client_(daemon, served_limit) {
        enter_lobby(client_, name);
    }
    const std::string& name() const { return name_; }
    // False: it is no longer connected. Throws Failure when it waits in vain.
    bool say(std::string_view line) { // until that is answered
        return client_.try_send(text(line, "\n/who\n")) && read_up_to(name_);
    }
    bool read_up_to(std::string_view line) {
        try {
            do shown_.push_back(client_.read_line());
            while (shown_.back() != line);
            return true;
        } catch (const Failure&) {
            if (client_.has_input()) return false; // the end is, too
            throw;
        }
    }
    long times_shown(std::string_view line) const { return std::ranges::count(shown_, line); }

private:
    std::string name_;
    ChatClient client_;
    Words shown_;
};

class ChatStage : public Stage {
public:
    ChatStage() {
        write_file(folder_ / "users", text("Zoe:", hash_of("pass-Zoe"), ":-:operator\n"));
        std::filesystem::permissions(folder_ / "users", std::filesystem::perms::owner_all);
        configure(false);
        Daemon::Setting setting = chatd_with({"history-on-join 0", "resume-time 0"});
        setting.options = {"-f", folder_ / "chatd.conf"};
        start(setting, "hub");
        for (const char* const name : {"ada", "bob"})
            sitting_.push_back(std::make_unique<Sitting>(daemon(), name));
    }

    Scene scene(std::string_view name) override;
    void verify(unsigned may_lose) override;
    void close() override { daemon().stop(); }

private:
    void configure(bool with_more_rooms) {
        write_file(folder_ / "chatd.conf",
                   text("users ", (folder_ / "users").native(), "\nlogin-holdoff 0\nroom lobby\n",
                        "room plans code s3cret\n",
                        with_more_rooms ? "room more\nroom yet-more code xyz\n" : ""));
    }
    std::string next_name(std::string_view name) { return text(name, ++names_); }
    // Of the connection, told in the log too.
    void end() {
        const std::string client = guest_->local().shown();
        guest_.reset();
        wait_for_log(text("end ", client, ' '));
    }
    void connect() { guest_.emplace(daemon(), scene_limit()); }
    void enter() {
        connect();
        guest_name_ = next_name("carl");
        enter_lobby(*guest_, guest_name_);
    }
    // It was answered, and not with a refusal.
    void say(const std::string& line);
    void talk(unsigned may_lose);
    void wait_until_alone(unsigned may_lose);
    void check_log();

    TempDir folder_;
    std::vector<std::unique_ptr<Sitting>> sitting_;
    std::optional<ChatClient> guest_;
    std::string guest_name_;
    unsigned names_ = 0;
    bool has_more_rooms_ = false;
    Words accepted_;         // lines, as they are shown
    std::size_t logged_ = 0; // how far it was looked at
};

void ChatStage::say(const std::string& line) {
    guest_->send(text(line, "\n/who\n"));
    bool is_refused = false;
    for (std::string told; told != guest_name_;) {
        told = guest_->read_line();
        is_refused |= told.find("line was not sent") != told.npos;
    }
    if (is_refused) throw Failure{"refused"};
    accepted_.push_back(text(guest_name_, " say: ", line));
}

Stage::Scene ChatStage::scene(std::string_view name) {
    const auto enter_it = [this] { enter(); };
    if (name == "connect")
        return {[] {},
                [this] {
                    connect();
                    guest_->wait_for_text("Your name: ");
                    end();
                }};
    if (name == "log in")
        return {[] {},
                [this] {
                    connect();
                    guest_->send("Zoe\npass-Zoe\n\n");
                    guest_->wait_for_text("You are in lobby");
                    guest_->send("/quit\n");
                    end();
                }};
    if (name == "join")
        return {enter_it, [this] {
                    guest_->send("/join plans s3cret\n/who\n");
                    guest_->wait_for_line(guest_name_);
                }};
    if (name == "say")
        return {enter_it, [this] {
                    say(text("one ", names_));
                    say(text("two ", names_));
                    guest_->send("/msg ada psst\n/topic of today\n/who\n");
                    guest_->wait_for_line(guest_name_);
                }};
    if (name == "leave")
        return {[this] {
                    enter();
                    guest_->send("/join plans s3cret\n");
                    guest_->wait_for_text("You are in plans");
                },
                [this] {
                    guest_->send("/leave\n");
                    guest_->wait_for_text("You have left plans.");
                    guest_->send("/quit\n");
                    end();
                }};
    if (name == "kick")
        return {enter_it, [this] {
                    ask({"chatctl", "kick", guest_name_});
                    end();
                    ask({"chatctl", "ban", "192.0.2.7", "1m"});
                    ask({"chatctl", "unban", "192.0.2.7"});
                }};
    if (name == "reload")
        return {[this] { configure(has_more_rooms_ = !has_more_rooms_); },
                [this] {
                    ask({"chatctl", "reload"});
                    connect();
                    guest_->send("Zoe\npass-Zoe\n\n");
                    guest_->wait_for_text("You are in lobby");
                }};
    if (name == "history")
        return {enter_it, [this] {
                    guest_->send("/history 3\n/search one\n/rooms\n/who\n");
                    guest_->wait_for_line(guest_name_);
                    ask({"chatctl", "history", "lobby"});
                    ask({"chatctl", "who"});
                }};
    if (name == "end")
        return {enter_it, [this] {
                    const std::size_t before = daemon().log().size();
                    ::kill(child_for(*guest_), SIGKILL);
                    wait_for_log("a handler ended: signal 9", before);
                    end();
                }};
    if (name == "authd's death" || name == "spawner's death")
        return {[this] { process("authd"), process("spawner"); },
                [this, victim = std::string{name.substr(0, name.find('\''))}] {
                    kill_process(victim);
                    enter();
                }};
    if (name == "hub's death")
        return {[] {},
                [this] {
                    kill_process("hub");
                    enter();
                },
                static_cast<unsigned>(sitting_.size())};
    if (name == "signals")
        return {[this] { configure(has_more_rooms_ = !has_more_rooms_); },
                [this] {
                    const std::size_t before = daemon().log().size();
                    daemon().signal(SIGHUP);
                    wait_for_log("read again", before); // or not
                    daemon().signal(SIGUSR1);
                    wait_for_log("clients ", before);
                }};
    throw Failure{text("there is no scene ", name)};
}

void ChatStage::verify(unsigned may_lose) {
    guest_.reset();
    const std::string name = next_name("new");
    ChatClient newcomer{daemon(), served_limit};
    enter_lobby(newcomer, name);
    newcomer.say("hello");
    accepted_.push_back(text(name, " say: hello"));
    std::erase_if(sitting_, [&](const auto& one) {
        if (one->read_up_to(accepted_.back())) return false;
        lose(one->name(), may_lose);
        return true;
    });
    newcomer.send("/quit\n");
    newcomer.wait_for_end();
    talk(may_lose);
    wait_until_alone(may_lose);
    check_log();
}

// Each of those who sit there says something, and all others hear it. One of them whom a failed call was
// about may be disconnected at any moment; what such a one said last may never have come.
void ChatStage::talk(unsigned may_lose) {
    std::set<std::string> gone;
    const auto is_lost = [&](const Sitting& one) {
        lose(one.name(), may_lose);
        gone.insert(one.name());
    };
    for (const auto& one : sitting_) {
        if (gone.contains(one->name())) continue;
        const std::string line = text("still here ", names_);
        if (!one->say(line)) {
            is_lost(*one);
            continue;
        }
        accepted_.push_back(text(one->name(), " say: ", line));
        for (const auto& other : sitting_)
            if (other != one && !gone.contains(other->name()) && !other->read_up_to(accepted_.back()))
                is_lost(*other);
    }
    std::erase_if(sitting_, [&](const auto& one) { return gone.contains(one->name()); });
}

void ChatStage::wait_until_alone(unsigned may_lose) {
    wait_until("only those who sit there are left", [&] {
        const std::string stats = chatctl(daemon(), {"stats"});
        const std::string_view before = "\nclients ";
        const auto clients = std::stoul(stats.substr(stats.find(before) + before.size()));
        return clients == sitting_.size() || (may_lose > 0 && clients < sitting_.size());
    });
}

// Each line that was accepted is in it once, and whoever sat there was shown each that is in it once.
void ChatStage::check_log() {
    Words logged;
    for (const std::string& line :
         common::split_lines(chatctl(daemon(), {"history", "lobby", "--since", text(logged_ + 1)}))) {
        const auto number = line.find(' ') + 1, words = line.find(' ', number) + 1;
        if (const std::size_t at = std::stoul(line.substr(number)); at != ++logged_)
            throw Failure{text("line ", logged_, " is not in the log, but ", line)};
        logged.push_back(line.substr(words));
    }
    for (const std::string& line : accepted_)
        if (std::ranges::count(logged, line) != 1)
            throw Failure{text("accepted, but not in the log once: ", line)};
    for (const std::string& line : logged)
        for (const auto& one : sitting_) {
            const bool is_own = line.starts_with(one->name() + ' ');
            if (line.find(" say: ") != line.npos && one->times_shown(line) != (is_own ? 0 : 1))
                throw Failure{text("in the log, but shown ", one->times_shown(line), " times: ", line)};
        }
    accepted_.clear();
}

} // namespace

std::unique_ptr<Stage> make_chatd_stage() { return std::make_unique<ChatStage>(); }

} // namespace faults
