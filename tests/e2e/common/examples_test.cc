// SPDX-License-Identifier: ISC
// The commands that stand in EXAMPLES of the manuals, typed as they stand there. Only where a port, a folder
// of the system's or a host is in them, it is one of the test's own.
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/pty.hh"
#include "tests/manual.hh"
#include "tests/skip.hh"

#include "chatd/settings.hh"
#include "common/text.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <map>
#include <regex>

using namespace e2e;
using common::text;

namespace {

bool is_command(std::string_view line) { return line.starts_with("$ ") || line.starts_with("# "); }

// Blanks between words are how a table is set.
std::string squeezed(std::string_view words) {
    return std::regex_replace(std::string{words}, std::regex{"[ \t\r]+"}, " ");
}

// The ports that a log tells of, in their order.
std::vector<std::uint16_t> ports_in(const std::string& log) {
    std::vector<std::uint16_t> ports;
    const std::regex pattern{"listening on [^ \n]*:([0-9]+)"};
    for (std::sregex_iterator at{log.begin(), log.end(), pattern}, end; at != end; ++at)
        ports.push_back(static_cast<std::uint16_t>(std::stoul((*at)[1])));
    return ports;
}

bool is_directive(const std::string& line) {
    ftpd::Settings files;
    chatd::Settings chat;
    const std::string word = line.substr(0, line.find(' '));
    const auto has = [&](const std::vector<common::Directive>& table) {
        return std::ranges::count(table, word, &common::Directive::name) > 0;
    };
    return has(ftpd::directive_table(files)) || has(chatd::directive_table(chat));
}

// A page's examples, and the folder that stands for the system's in them.
class Stage {
public:
    explicit Stage(const std::string& page) : displays_(tests::Manual{page}.examples()) {
        for (const char* const name : {"etc", "srv/our files", "run", "var/lib", "var/log"})
            std::filesystem::create_directories(folder_ / name);
        for (const char* const name : {"work", "served", "srv/incoming", "srv/ftp"})
            folder_.make_shared(name);
        std::filesystem::create_directory(folder_ / "srv/ftp/pub");
        for (const char* const daemon : {"ftpd", "chatd"})
            write_file(folder_ / text("etc/", daemon, ".users"), "");
    }
    ~Stage() {
        try {
            stop();
        } catch (const Failure& failure) {
            FAIL_CHECK(failure.what());
        }
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // {2121} in the text stands for the port that a daemon has in the place of this one.
    void rewrite(const std::string& from, const std::string& to) { rules_.emplace_back(from, to); }
    // Of a command that stands in the page, its prompt included.
    void leave_out(const std::string& command, const std::string& why) { left_out_[command] = why; }
    // It goes on until somebody presses Ctrl-C: here when its terminal shows this.
    void interrupt(const std::string& command, const std::string& shown) { endless_[command] = shown; }

    void configure(const std::string& daemon, const Words& lines) {
        std::string all;
        for (const std::string& line : lines) all += line + '\n';
        write_configuration(daemon, all);
    }
    void start(const std::string& daemon) { run_all({text("# ", daemon, " -f /etc/", daemon, ".conf")}); }
    void make_certificate(const std::string& certificate, const std::string& key) {
        for (const std::string& path : {certificate, key})
            std::filesystem::create_directories((folder_.path() / path).parent_path());
        const Result made = run_in_shell(text("ftpctl certificate make ", std::string{folder_ / certificate},
                                              ' ', std::string{folder_ / key}, " localhost"));
        REQUIRE_MESSAGE(made.status == 0, made.err);
    }
    // In the folder in which the commands are typed.
    Path work(std::string_view name) const { return folder_.path() / "work" / name; }
    const TempDir& folder() const { return folder_; }
    std::uint16_t port_of(const std::string& number) const { return ports_.at(number); }

    void play() {
        for (const Words& display : displays_) {
            // The first line of a configuration may be a comment, which looks like a command of root's.
            const bool is_configuration = std::any_of(
                display.begin(), display.begin() + std::min<long>(2, std::ssize(display)), is_directive);
            if (is_configuration)
                check_configuration(display);
            else if (is_command(display.front()))
                run_all(display);
            // Else it is a script, or is typed in another program.
        }
        stop();
        for (const auto& left : left_out_) {
            INFO(left.first);
            CHECK(seen_.contains(left.first));
        }
    }

private:
    void run_all(const Words& display) {
        place_ = work("");
        for (std::size_t at = 0; at < display.size();) {
            Words below;
            const std::string& command = display[at];
            for (++at; at < display.size() && !is_command(display[at]); ++at) below.push_back(display[at]);
            run(command, below);
        }
    }

    void run(const std::string& command, const Words& below) {
        INFO(command);
        seen_[command] = true;
        if (left_out_.contains(command)) return;
        const std::string words = command.substr(2);
        if (words.starts_with("cd ")) {
            place_ = for_client(words.substr(3));
            return;
        }
        for (const char* const daemon : {"ftpd", "chatd"}) {
            if (words.starts_with(text(daemon, " -d"))) return serve(daemon, words);
            if (words.starts_with(text(daemon, " -f "))) return detach(daemon, words);
        }
        // A listener that is added takes effect with an upgrade.
        const bool adds_listener = words.starts_with("echo 'listen ");
        if (adds_listener) configured_ += words.substr(6) + '\n';
        const std::string typed = for_client(adds_listener ? for_server(words) : words);
        CAPTURE(typed);
        if (const auto found = endless_.find(command); found != endless_.end()) {
            Pty terminal{in_shell(typed)};
            terminal.wait_for(found->second);
            terminal.type("\x03");
            terminal.wait();
        } else if (words.starts_with("chat ")) {
            Pty terminal{in_shell(typed)};
            terminal.wait_for("\x1b[?2004h"); // it is there
            for (const std::string& line : below) terminal.type(line + '\r');
            CHECK_MESSAGE(terminal.wait() == 0, terminal.screen());
        } else if (!below.empty() && below[0].starts_with("Password")) {
            Pty terminal{in_shell(typed)};
            for (const std::string& line : below) {
                terminal.wait_for(line);
                terminal.type("a long secret\r");
            }
            CHECK_MESSAGE(terminal.wait() == 0, terminal.screen());
        } else {
            const bool is_dialogue = words.starts_with("nc ") || words.find(" s_client ") != words.npos;
            std::string input;
            for (const std::string& line : below) input += line + '\n';
            const Result result = run_in_shell(typed, is_dialogue ? input : "");
            CHECK_MESSAGE(result.status == 0, result.out, result.err);
            if (!is_dialogue) compare(squeezed(result.out + result.err), below);
            if (words.ends_with(" upgrade")) note_ports(numbers(configured_), read_file(log_of(detached_)));
        }
    }

    // Lines with numbers in them are others each time.
    void compare(const std::string& output, const Words& lines) const {
        for (const std::string& line : lines) {
            const std::string expected = squeezed(for_client(line));
            if (line.find_first_of("0123456789") == line.npos) CHECK(output.find(expected) != output.npos);
        }
    }

    // In the foreground and in a folder of its own, until the next one is started.
    void serve(const std::string& daemon, const std::string& words) {
        stop();
        place_ = folder_ / "served";
        const std::string command =
            text(for_server(words), " -o 'state ", state_of(daemon), "' -o 'events ", events(), '\'',
                 lets_listen(words) ? "" : " -o 'listen 127.0.0.1:0'");
        foreground_.emplace(in_shell(text("exec ", command)));
        place_ = work("");
        const Words wanted = numbers(lets_listen(words) ? words
                                     : daemon == "ftpd" ? "listen :2121"
                                                        : "listen :2323");
        std::size_t at = 0;
        for (std::size_t i = 0; i < wanted.size(); ++i) at = foreground_->err().wait_for("listening on ", at);
        foreground_->err().wait_for("\n", at);
        note_ports(wanted, foreground_->err().text());
    }

    void detach(const std::string& daemon, const std::string& words) {
        stop();
        const Result started = run_in_shell(for_client(words));
        REQUIRE_MESSAGE(started.status == 0, started.err);
        detached_ = daemon;
        note_ports(numbers(configured_), read_file(log_of(daemon)));
    }

    void stop() {
        if (foreground_) {
            foreground_->signal(SIGINT);
            CHECK_MESSAGE(foreground_->wait() == 0, foreground_->err().text());
        }
        foreground_.reset();
        const std::string daemon = std::exchange(detached_, {});
        if (daemon.empty()) return;
        // It may have been told to stop already.
        run_in_shell(
            text(daemon == "ftpd" ? "ftpctl" : "chatctl", " -s ", state_of(daemon), "/control shutdown"));
        const Path lock = Path{state_of(daemon)} / "lock";
        const auto pid = static_cast<pid_t>(std::stol(read_file(lock)));
        wait_until("the daemon has ended", [&] { return ::kill(pid, 0) != 0; });
    }

    void check_configuration(const Words& lines) {
        std::string all;
        for (const std::string& line : lines) all += line + '\n';
        INFO(all);
        if (all.starts_with("#!") || all.starts_with("/"))
            return; // a script; what is typed in another program
        const bool is_chat = std::regex_search(all, std::regex{"(^|\n)room |:2323"});
        const std::string daemon = is_chat ? "chatd" : "ftpd";
        write_configuration(daemon, all);
        const Result checked =
            run_in_shell(text(daemon, " -n -f ", std::string{folder_ / text("etc/", daemon, ".conf")}));
        CHECK_MESSAGE(checked.status == 0, checked.err);
    }

    void write_configuration(const std::string& daemon, const std::string& lines) {
        configured_ = lines;
        std::string all = with_places(for_server(lines));
        if (all.find("\nstate ") == all.npos) all += text("state ", state_of(daemon), '\n');
        if (all.find("\nlog ") == all.npos) all += text("log ", log_of(daemon), '\n');
        if (all.find("\nevents ") == all.npos) all += text("events ", events(), '\n');
        write_file(folder_ / text("etc/", daemon, ".conf"), all);
    }

    static std::string events() {
        const char* const wanted = std::getenv("SUITE_EVENTS");
        return wanted == nullptr ? "poll" : wanted;
    }
    static bool lets_listen(const std::string& words) { return words.find("listen ") != words.npos; }

    // The ports behind `listen', in their order.
    static Words numbers(const std::string& words) {
        const std::regex pattern{"listen [^ \n']*:([0-9]+)"};
        Words found;
        for (std::sregex_iterator at{words.begin(), words.end(), pattern}, end; at != end; ++at)
            found.push_back((*at)[1]);
        return found;
    }
    void note_ports(const Words& wanted, const std::string& log) {
        const std::vector<std::uint16_t> all = ports_in(log);
        REQUIRE(all.size() >= wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            ports_[wanted[i]] = all[all.size() - wanted.size() + i];
    }

    // On this machine alone, and on ports of the system's choice.
    std::string for_server(std::string words) const {
        words = std::regex_replace(words, std::regex{"listen \\*:"}, "listen 127.0.0.1:");
        words = std::regex_replace(words, std::regex{"(listen [^ \n']*:)[0-9]+"}, "$010");
        for (const auto& [from, to] : rules_)
            if (to.find('{') == to.npos) replace(words, from, to);
        return words;
    }

    std::string for_client(std::string words) const {
        for (const auto& [from, to] : rules_) replace(words, from, to);
        for (const auto& [number, port] : ports_) {
            replace(words, text('{', number, '}'), text(port));
            words = std::regex_replace(words, std::regex{text("([: ])", number, "(?![0-9.])")},
                                       text("$01", port));
        }
        words = with_places(words);
        for (const auto& [client, daemon] : {std::pair{"ftpctl", "ftpd"}, {"chatctl", "chatd"}})
            words = std::regex_replace(words, std::regex{text("\\b", client, " ")},
                                       text(client, " -s ", state_of(daemon), "/control "));
        return words;
    }

    static void replace(std::string& words, const std::string& from, const std::string& to) {
        for (std::size_t at = 0; (at = words.find(from, at)) != words.npos; at += to.size())
            words.replace(at, from.size(), to);
    }

    std::string with_places(const std::string& words) const {
        return std::regex_replace(words, std::regex{"(^|[ \":@])/(etc|srv|run|var)\\b"},
                                  text("$01", folder_.path().native(), "/$2"));
    }

    std::string state_of(const std::string& daemon) const { return folder_ / text("var/lib/", daemon); }
    std::string log_of(const std::string& daemon) const { return folder_ / text("var/log/test-", daemon); }

    Words in_shell(const std::string& command) const {
        return {"env",
                text("PATH=", Path{find_program("ftpd")}.parent_path().native(), ":/usr/sbin:/usr/bin:/bin"),
                text("HOME=", folder_.path().native()),
                "TERM=xterm",
                "sh",
                "-c",
                text("cd '", place_.native(), "' && ", command)};
    }
    Result run_in_shell(const std::string& command, std::string_view input = {}) const {
        return run_client(in_shell(command), input);
    }

    TempDir folder_;
    Path place_ = folder_ / "work";
    std::vector<Words> displays_;
    std::vector<std::pair<std::string, std::string>> rules_;
    std::map<std::string, std::string> left_out_, endless_;
    std::map<std::string, bool> seen_;
    std::map<std::string, std::uint16_t> ports_;
    std::string configured_; // as the page has it
    std::optional<Process> foreground_;
    std::string detached_; // which daemon runs in the background
};

constexpr auto needs_systemd = "it needs systemd, and changes the system";
void leave_out_units(Stage& stage, const std::string& daemon, const std::string& units) {
    for (const std::string& command :
         {std::string{"# systemd-sysusers && systemd-tmpfiles --create"},
          std::string{"# cd /usr/local/share/doc/suite/examples"},
          text("# install -o root -g _", daemon, " -m 640 ", daemon, "-1.conf /etc/", daemon, ".conf"),
          text("# systemctl enable --now ", units), text("# systemctl reload ", daemon)})
        stage.leave_out(command, needs_systemd);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("the examples of ftpd(8) work") {
        Stage stage{"ftpd.8"};
        leave_out_units(stage, "ftpd", "ftpd.socket ftpd");
        for (const char* const command :
             {"# install -D -m 644 announce.conf /etc/systemd/system/ftpd.service.d/announce.conf",
              "# systemctl daemon-reload", "# systemctl restart chatd ftpd"})
            stage.leave_out(command, needs_systemd);
        stage.rewrite("fls localhost:", "fls -P {2121} localhost:");
        stage.rewrite("pictures localhost:", "-P {2121} pictures localhost:");
        stage.rewrite("ftp://localhost/", "ftp://localhost:{21}/");
        write_file(stage.work("notes.txt"), "notes\n");
        std::filesystem::create_directory(stage.work("pictures"));
        write_file(stage.work("pictures/cat.png"), "a cat");
        stage.configure("ftpd", {"listen *:21", "root /srv/ftp"});
        stage.play();
        CHECK(read_file(stage.work("copies/cat.png")) == "a cat");
    }

    TEST_CASE("the examples of ftpd.conf(5) work") {
        Stage stage{"ftpd.conf.5"};
        stage.make_certificate("etc/ftpd.pem", "etc/ftpd.key");
        stage.rewrite("run-as ftp ", "run-as nobody ");
        if (::geteuid() != 0)
            stage.leave_out("# mkdir /srv/ftp/ann && chown nobody /srv/ftp/ann",
                            "only root can give a folder away");
        stage.play();
    }

    TEST_CASE("the examples of chatd(8) work") {
        Stage stage{"chatd.8"};
        leave_out_units(stage, "chatd", "chatd");
        stage.rewrite("chat localhost", "chat localhost:{2323}");
        stage.play();
    }

    TEST_CASE("the examples of chatd.conf(5) work") {
        Stage stage{"chatd.conf.5"};
        stage.make_certificate("etc/letsencrypt/live/chat.example.org/fullchain.pem",
                               "etc/letsencrypt/live/chat.example.org/privkey.pem");
        const std::string hash = hash_of("secret");
        for (const char* const cut : {"$6$1Dzx7rT0$N0y...", "$6$mW2aQ1kU$3e9...", "$6$u6yRk0Zs$8b2..."})
            stage.rewrite(cut, hash);
        stage.rewrite("run-as chat\n", "run-as nobody\n");
        stage.play();
    }

    TEST_CASE("the examples of chatctl(8) work") {
        Stage stage{"chatctl.8"};
        stage.leave_out("# make install", "it changes the system");
        stage.interrupt("$ chatctl history lobby --follow", "We close at ten.");
        stage.interrupt("$ watch chatctl -s /run/chatd-office.control rooms", "lobby");
        stage.rewrite("chatctl -s /run/chatd-office.control", "chatctl");
        stage.rewrite("/usr/local/sbin/chatd", Path{find_program("chatd")});
        stage.configure("chatd", {"listen 127.0.0.1:2323", "room lobby"});
        stage.start("chatd");
        stage.play();
    }

    TEST_CASE("the examples of ftpctl(8) work") {
        Stage stage{"ftpctl.8"};
        stage.leave_out("# make install", "it changes the system");
        for (const char* const line :
             {"# SHA-256 5A:F3:...", "# for ftp.example.org, valid until 2027-11-30"})
            stage.leave_out(line, "it is printed");
        stage.interrupt("$ watch ftpctl -s /run/ftpd-public.control who", "CLIENT");
        stage.rewrite("ftpctl -s /run/ftpd-public.control", "ftpctl");
        stage.rewrite("192.0.2.7", "127.0.0.1");
        stage.configure("ftpd", {"listen 127.0.0.1:2121", "root /srv/ftp"});
        stage.start("ftpd");
        Connection client{stage.port_of("2121")};
        client.expect(220);
        stage.play();
        client.expect(421);
    }

    TEST_CASE("the examples of fcp(1) work") {
        Stage stage{"fcp.1"};
        stage.leave_out("$ fcp --tls thesis.pdf ann@archive:",
                        "it needs another host and asks for a password");
        for (const char* const name : {"thesis.pdf", "cover.pdf"}) write_file(stage.work(name), name);
        std::filesystem::create_directory(stage.work("photos"));
        write_file(stage.work("photos/sea.jpg"), "the sea");
        for (const char* const name : {"srv/ftp/pub/cat.png", "srv/ftp/pub/notes.txt"})
            write_file(stage.folder() / name, "a cat");
        stage.folder().make_shared("srv/ftp/incoming");
        stage.make_certificate("etc/ftpd.pem", "etc/ftpd.key");
        stage.rewrite("fcp ", "fcp -P {2121} ");
        stage.rewrite("fls ", "fls -P {2121} ");
        stage.rewrite("fcp -P {2121} -P 2199", "fcp -P {2199}");
        stage.rewrite("fls -P {2121} -l -P 2199", "fls -l -P {2199}");
        const std::string other = has_ipv6() ? "[::1]" : "127.0.0.1";
        stage.rewrite("[::1]", other);
        stage.configure("ftpd", {"listen 127.0.0.1:2121", text("listen ", other, ":2199"), "root /srv/ftp",
                                 "anonymous write", "certificate /etc/ftpd.pem /etc/ftpd.key"});
        stage.start("ftpd");
        stage.play();
        CHECK(read_file(stage.work("cat.png")) == "a cat");
        CHECK(read_file(stage.folder() / "srv/ftp/photos/sea.jpg") == "the sea");
    }

    TEST_CASE("the examples of chat(1) work") {
        Stage stage{"chat.1"};
        stage.leave_out("$ chat chats://ada@chat.example.org/blue", "it needs another host");
        stage.interrupt("$ chat log@/run/chat.sock | tee said", "lobby");
        stage.interrupt("$ chat --ca-file /etc/chatd.pem chats://localhost", "Your name");
        stage.make_certificate("etc/chatd.pem", "etc/chatd.key");
        stage.rewrite("chat localhost", "chat localhost:{2323}");
        stage.rewrite("@localhost blue", "@localhost:{2323} blue");
        stage.rewrite("chats://localhost", "chats://localhost:{6697}");
        stage.rewrite("@localhost/blue", "@localhost:{6697}/blue");
        stage.configure("chatd",
                        {"listen 127.0.0.1:2323", "listen 127.0.0.1:6697 tls", "listen unix:/run/chat.sock",
                         "certificate /etc/chatd.pem /etc/chatd.key", "room lobby", "room team code blue"});
        stage.start("chatd");
        stage.play();
    }

    TEST_CASE("the examples of suite-tls(8) work") {
        Stage stage{"suite-tls.8"};
        for (const char* const host : {"ftp.example.org", "chat.example.org"})
            stage.make_certificate(text("etc/letsencrypt/live/", host, "/fullchain.pem"),
                                   text("etc/letsencrypt/live/", host, "/privkey.pem"));
        stage.configure("ftpd", {"listen *:21", "root /srv/ftp"});
        stage.play();
    }

    TEST_CASE("the examples of chatd-irc(7) work") {
        Stage stage{"chatd-irc.7"};
        stage.make_certificate("etc/chatd.pem", "etc/chatd.key");
        stage.leave_out("$ irssi -c 127.0.0.1 -p 6667 -n ada",
                        "a person types on in it: irc_clients_test.cc");
        stage.leave_out("$ catgirl -h chat.example.org -n ada -j '#lobby'", "it needs another host");
        stage.play();
    }
}
