// SPDX-License-Identifier: ISC
// What bash, zsh and fish offer behind the programs' names, with what completions/ makes for them.
#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/tmux.hh"
#include "tests/skip.hh"

#include "chatd/chat/chat_options.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

// What is offered for a line that is typed so far, a candidate a line. As bash does it: words are cut at the
// characters of COMP_WORDBREAKS, which are words themselves.
constexpr auto script = R"(
. "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=() word=
for ((i = 0; i < ${#2}; i++)); do
    c=${2:i:1}
    case $c in
    ' ') [[ -z $word ]] || COMP_WORDS+=("$word"); word= ;;
    [:@=]) [[ -z $word ]] || COMP_WORDS+=("$word"); COMP_WORDS+=("$c"); word= ;;
    *) word+=$c ;;
    esac
done
COMP_WORDS+=("$word")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
spec=$(complete -p "${COMP_WORDS[0]##*/}") || exit
function=${spec#*-F } function=${function%% *}
"$function" "${COMP_WORDS[0]}" "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
)";

// What completions/ has made of the options of the program of this name.
Path made_for(const std::string& shell, const std::string& program) {
    return Path{find_program(program)}.parent_path() / "completions" / shell / program;
}

Words offered(const std::string& line, const Path& home) {
    const Path programs = Path{find_program("fcp")}.parent_path();
    const Result result =
        run_client({"env", "HOME=" + home.string(), "COMPLETION_SECONDS=60",
                    text("PATH=", programs.native(), ":/usr/bin:/bin"), "bash", "--norc", "-c",
                    text("cd ~; ", script), "bash", made_for("bash", line.substr(0, line.find(' '))), line});
    INFO(line);
    CHECK(result.err.empty());
    Words words = common::split_lines(result.out);
    std::erase(words, "");
    std::ranges::sort(words);
    return words;
}

// What fish offers, a candidate a line, each with its description behind a tab.
Words offered_by_fish(const std::string& line, const Path& home) {
    const Path programs = Path{find_program("fcp")}.parent_path();
    const Result result =
        run_client({"env", "HOME=" + home.string(), "COMPLETION_SECONDS=60",
                    text("PATH=", programs.native(), ":/usr/bin:/bin"), "fish", "--no-config", "-c",
                    text("cd ~; source ", made_for("fish", line.substr(0, line.find(' '))).native(),
                         "; complete -C '", line, "'")});
    INFO(line);
    CHECK(result.err.empty());
    return common::split_lines(result.out);
}

// An interactive zsh whose completions are those that were made.
class Zsh {
public:
    Zsh() {
        std::filesystem::create_directory(home_ / "functions");
        for (const auto& file : std::filesystem::directory_iterator{made_for("zsh", "fcp").parent_path()})
            std::filesystem::create_symlink(file.path(),
                                            home_ / ("functions/_" + file.path().filename().string()));
        write_file(home_ / ".zshrc", text("PATH=", Path{find_program("fcp")}.parent_path().native(),
                                          ":/usr/bin:/bin COMPLETION_SECONDS=60\n"
                                          "fpath=(~/functions $fpath) LISTMAX=1000 PROMPT='%% '\n"
                                          "autoload -Uz compinit; compinit -u -D; cd; echo ready\n"));
        screen_.emplace(
            120U, 40U,
            text("env HOME=", home_.path().native(), " ZDOTDIR=", home_.path().native(), " zsh -d"));
        screen_->wait_for("\nready\n");
    }

    // What stands below the line when Tab has been pressed, as soon as the text is there.
    std::string offered(const std::string& line, const std::string& text) {
        screen_->type(line);
        screen_->press({"Tab"});
        screen_->wait_for(text);
        const std::string all = screen_->screen();
        screen_->press({"C-u"});
        screen_->type(common::text("clear; echo ready ", ++lines_));
        screen_->press({"Enter"});
        screen_->wait_for(common::text("\nready ", lines_, '\n'));
        return all;
    }
    const Path& home() const { return home_.path(); }

private:
    TempDir home_;
    std::optional<Tmux> screen_;
    int lines_ = 0;
};

std::vector<common::Option> options_of(const std::string& program) {
    ftpd::FcpOptions copy;
    common::CtlOptions ctl;
    chatd::ChatOptions chat;
    if (program == "fcp") return ftpd::fcp_options(copy);
    if (program == "fls") return ftpd::fls_options(copy);
    if (program == "chat") return chatd::chat_options(chat);
    if (program.ends_with("ctl")) return common::ctl_options(ctl);
    ftpd::FtpdOptions ftp_daemon;
    common::DaemonOptions chat_daemon;
    return program == "ftpd" ? ftpd::ftpd_options(ftp_daemon) : common::daemon_options(chat_daemon);
}
const Words programs{"chat", "chatctl", "chatd", "fcp", "fls", "ftpctl", "ftpd"};

Words names_of(const std::vector<common::Option>& options) {
    Words all;
    for (const common::Option& option : options) all.push_back(option.name());
    std::ranges::sort(all);
    return all;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("the options that bash offers are those that the programs have") {
        const TempDir home;
        for (const std::string& program : programs)
            CHECK(offered(program + " -", home.path()) == names_of(options_of(program)));
    }

    TEST_CASE("bash completes the arguments of options") {
        const TempDir home;
        write_file(home / "zfile", "");
        for (const char* const line :
             {"ftpd -f zf", "ftpd -dnf zf", "chat --ca-file zf", "chat --ca-file=zf"})
            CHECK(offered(line, home.path()) == Words{"zfile"});
        CHECK(offered("chat -l ", home.path()) == Words{"en", "zh"});
        CHECK(offered("fcp --pin ", home.path()) == Words{"new"});
        CHECK(offered("fcp --tls=i", home.path()) == Words{"implicit"});
        CHECK(offered("fcp --tls=", home.path()) == Words{"implicit", "required"});
        for (const char* const line : {"chatd -o z", "ftpd z", "fcp -rP z"})
            CHECK(offered(line, home.path()).empty());
    }

    TEST_CASE("fish offers the options that the programs have and what they are for") {
        if (tests::lacks("fish")) return;
        const TempDir home;
        for (const std::string& program : programs) {
            Words expected;
            for (const common::Option& option : options_of(program)) {
                expected.push_back(text(option.name(), '\t', option.help));
                if (option.argument.starts_with("[=")) // fish takes it for two
                    expected.push_back(text(option.name(), "=\t", option.help));
            }
            Words offered = offered_by_fish(program + " -", home.path());
            std::ranges::sort(expected);
            std::ranges::sort(offered);
            CHECK(offered == expected);
        }
    }

    TEST_CASE("fish completes arguments and hosts and remote paths and verbs and sockets") {
        if (tests::lacks("fish")) return;
        const Place place;
        const Path& home = place.local.path();
        std::filesystem::create_directories(place.served("pub/sub"));
        for (const char* const name : {"pub/a b", "pub/50%", "pub/.dot"}) write_file(place.served(name), "");
        const std::string port = text(place.daemon.port());
        const auto remote = [&](const std::string& path) {
            return offered_by_fish(text("fcp -P ", port, " 127.0.0.1:", path), home);
        };
        CHECK(remote("p") == Words{"127.0.0.1:pub/"});
        CHECK(remote("pub/") == Words{"127.0.0.1:pub/50%", "127.0.0.1:pub/a b", "127.0.0.1:pub/sub/"});
        CHECK(remote("pub/.") == Words{"127.0.0.1:pub/.dot"});
        const std::string url = text("ftp://127.0.0.1:", port, "/pub/");
        CHECK(offered_by_fish("fls " + url + '5', home) == Words{url + "50%25"});

        write_file(home / "zfile", "");
        std::filesystem::create_directory(home / ".ssh");
        write_file(home / ".ssh/known_hosts", "zssh ssh-ed25519 AAAA\n");
        CHECK(offered_by_fish("fcp z", home) == Words{"zfile", "zssh:"});
        CHECK(offered_by_fish("fls z", home) == Words{"zssh:"});
        CHECK(offered_by_fish("chat ann@z", home) == Words{"ann@zssh"});
        CHECK(offered_by_fish("chat zssh z", home).empty());
        CHECK(offered_by_fish("ftpd -f z", home) == Words{"zfile"});
        CHECK(offered_by_fish("ftpd z", home).empty());
        CHECK(offered_by_fish("chat -l z", home) == Words{"zh\tspeak this language"});

        const std::string socket = place.daemon.state() / "control";
        CHECK(offered_by_fish(text("ftpctl -s ", socket, " wh"), home) ==
              Words{"who\tlist the sessions and what they do"});
        CHECK(offered_by_fish(text("ftpctl -s ", socket, " who wh"), home).empty());
        CHECK(offered_by_fish("chat " + socket.substr(0, socket.size() - 3), home) == Words{socket});
    }

    TEST_CASE("zsh offers the options that the programs have and what they are for") {
        if (tests::lacks("zsh")) return;
        Zsh zsh;
        for (const std::string& program : programs) {
            const std::vector<common::Option> options = options_of(program);
            const std::string shown = zsh.offered(program + " -", "-- print this text and stop");
            for (const common::Option& option : options) {
                CAPTURE(shown);
                const std::size_t at = shown.find(text('\n', option.name(), ' '));
                REQUIRE(at != shown.npos);
                const std::string line = shown.substr(at + 1, shown.find('\n', at + 1) - at - 1);
                CHECK(line.ends_with(text(" -- ", option.help)));
            }
            CHECK(static_cast<std::size_t>(std::ranges::count(shown, '\n')) >= options.size());
        }
    }

    TEST_CASE("zsh completes arguments and hosts and remote paths and verbs and sockets") {
        if (tests::lacks("zsh")) return;
        Zsh zsh;
        const Place place;
        std::filesystem::create_directories(place.served("pub/sub"));
        for (const char* const name : {"pub/a b", "pub/50%", "pub/.dot"}) write_file(place.served(name), "");
        const std::string port = text(place.daemon.port());
        zsh.offered(text("fcp -P ", port, " 127.0.0.1:p"), "127.0.0.1:pub/\n");
        zsh.offered(text("fcp -P ", port, " 127.0.0.1:pub/"), "\n50%   a\\ b  sub/\n");
        zsh.offered(text("fcp -P ", port, " 127.0.0.1:pub/."), "127.0.0.1:pub/.dot\n");
        zsh.offered(text("fls ftp://127.0.0.1:", port, "/pub/5"), "/pub/50%25\n");
        write_file(zsh.home() / "zfile", "");
        zsh.offered("fcp zf", "% fcp zfile\n");
        zsh.offered("ftpd -dnf zf", "% ftpd -dnf zfile\n");
        zsh.offered("fcp --tls=im", "--tls=implicit\n");
        zsh.offered("chat -l ", "\nen  zh\n");
        zsh.offered("chat ann@localh", "ann@localhost\n");
        const std::string socket = place.daemon.state() / "control";
        zsh.offered(text("ftpctl -s ", socket, " wh"), " who\n");
        zsh.offered("chat " + socket.substr(0, socket.size() - 3), socket + '\n');
    }

    TEST_CASE("bash completes remote paths as the server has them and leaves their colon alone") {
        const Place place;
        for (const char* const name : {"pub/sub", "other"})
            std::filesystem::create_directories(place.served(name));
        for (const char* const name : {"pub/a b", "pub/abc", "pub/.dot", "po"})
            write_file(place.served(name), "");
        const auto complete = [&](const std::string& line) {
            return offered(text("fcp -P ", place.daemon.port(), ' ', line), place.local.path());
        };
        CHECK(complete("127.0.0.1:p") == Words{"po ", "pub/"});
        CHECK(complete("127.0.0.1:pub/") == Words{"pub/a\\ b ", "pub/abc ", "pub/sub/"});
        CHECK(complete("x anonymous@127.0.0.1:pub/a") == Words{"pub/a\\ b ", "pub/abc "});
        CHECK(complete("127.0.0.1:pub/a\\ ") == Words{"pub/a\\ b "});
        CHECK(complete("127.0.0.1:pub/.") == Words{"pub/.dot "});
        CHECK(complete("joe@127.0.0.1:p").empty()); // who would have to be asked for a password
        CHECK(offered("fls 127.0.0.1:p -P ", place.local.path()).empty());
        // Of a URL, what bash has not cut off.
        write_file(place.served("pub/50%"), "");
        const std::string port = text(place.daemon.port());
        const auto complete_url = [&](const std::string& path) {
            return offered(text("fls ftp://127.0.0.1:", port, path), place.local.path());
        };
        CHECK(complete_url("/p") == Words{port + "/po ", port + "/pub/"});
        CHECK(complete_url("/pub/5") == Words{port + "/pub/50%25 "});
    }

    TEST_CASE("bash completes local files and the hosts that are known") {
        const TempDir home;
        std::filesystem::create_directory(home / "zfolder");
        write_file(home / "zfile one", "");
        write_file(home / ".netrc", "machine zhost login joe password secret\n");
        std::filesystem::create_directory(home / ".ssh");
        write_file(home / ".ssh/known_hosts", "zssh,10.0.0.9 ssh-ed25519 AAAA\n|1|hashed ssh-ed25519 AAAA\n");
        CHECK(offered("fcp z", home.path()) == Words{"zfile\\ one ", "zfolder/", "zhost:", "zssh:"});
        CHECK(offered("fls z", home.path()) == Words{"zhost:", "zssh:"});
        CHECK(offered("fls joe@z", home.path()) == Words{"zhost:", "zssh:"});
        CHECK(offered("chat z", home.path()) == Words{"zssh"});
        CHECK(offered("chat ann@z", home.path()) == Words{"zssh"});
    }

    TEST_CASE("bash completes the verbs that the daemon has and the sockets that are there") {
        const Daemon daemon;
        const std::string socket = daemon.state() / "control";
        const TempDir home;
        const Words verbs = offered(text("ftpctl -s ", socket, ' '), home.path());
        for (const char* const verb : {"help", "who", "user"}) CHECK(std::ranges::count(verbs, verb) == 1);
        CHECK(offered(text("ftpctl -s ", socket, " wh"), home.path()) == Words{"who"});
        const std::string config = home / "ftpd.conf";
        write_file(config, text("state ", daemon.state().native(), '\n'));
        for (const char* const option : {"-f ", "-f"})
            CHECK(offered(text("ftpctl ", option, config, " wh"), home.path()) == Words{"who"});
        CHECK(offered(text("ftpctl -s ", socket, " who "), home.path()).empty());
        CHECK(offered(text("ftpctl -s ", socket.substr(0, socket.size() - 3)), home.path()) == Words{socket});
        CHECK(offered("chat " + socket.substr(0, socket.size() - 3), home.path()) == Words{socket});
        write_file(home / "file", "");
        CHECK(offered("ftpctl -s fi", home.path()).empty());
        CHECK(offered("ftpctl -f fi", home.path()) == Words{"file"});
    }
}
