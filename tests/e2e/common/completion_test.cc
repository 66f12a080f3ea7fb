// SPDX-License-Identifier: ISC
// What bash offers behind the programs' names, with the files of completions/.
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include "chatd/chat/chat_options.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/fcp/fcp_options.hh"

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

Words offered(const std::string& file, const std::string& line, const Path& home) {
    const Path programs = Path{find_program("fcp")}.parent_path();
    const Result result =
        run_client({"env", "HOME=" + home.string(), "COMPLETION_SECONDS=60",
                    text("PATH=", programs.native(), ":/usr/bin:/bin"), "bash", "--norc", "-c",
                    text("cd ~; ", script), "bash", e2e::in_source("completions/" + file), line});
    INFO(line);
    CHECK(result.err.empty());
    Words words = common::split_lines(result.out);
    std::erase(words, "");
    std::ranges::sort(words);
    return words;
}

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
        ftpd::FcpOptions fcp, fls;
        common::CtlOptions ctl;
        chatd::ChatOptions chat;
        CHECK(offered("fcp", "fcp -", home.path()) == names_of(ftpd::fcp_options(fcp)));
        CHECK(offered("fcp", "fls -", home.path()) == names_of(ftpd::fls_options(fls)));
        CHECK(offered("ftpctl", "ftpctl -", home.path()) == names_of(common::ctl_options(ctl)));
        CHECK(offered("ftpctl", "chatctl -", home.path()) == names_of(common::ctl_options(ctl)));
        CHECK(offered("chat", "chat -", home.path()) == names_of(chatd::chat_options(chat)));
    }

    TEST_CASE("bash completes remote paths as the server has them and leaves their colon alone") {
        const Place place;
        for (const char* const name : {"pub/sub", "other"})
            std::filesystem::create_directories(place.served(name));
        for (const char* const name : {"pub/a b", "pub/abc", "pub/.dot", "po"})
            write_file(place.served(name), "");
        const auto complete = [&](const std::string& line) {
            return offered("fcp", text("fcp -P ", place.daemon.port(), ' ', line), place.local.path());
        };
        CHECK(complete("127.0.0.1:p") == Words{"po ", "pub/"});
        CHECK(complete("127.0.0.1:pub/") == Words{"pub/a\\ b ", "pub/abc ", "pub/sub/"});
        CHECK(complete("x anonymous@127.0.0.1:pub/a") == Words{"pub/a\\ b ", "pub/abc "});
        CHECK(complete("127.0.0.1:pub/a\\ ") == Words{"pub/a\\ b "});
        CHECK(complete("127.0.0.1:pub/.") == Words{"pub/.dot "});
        CHECK(complete("joe@127.0.0.1:p").empty()); // who would have to be asked for a password
        CHECK(offered("fcp", "fls 127.0.0.1:p -P ", place.local.path()).empty());
        // Of a URL, what bash has not cut off.
        write_file(place.served("pub/50%"), "");
        const std::string port = text(place.daemon.port());
        const auto complete_url = [&](const std::string& path) {
            return offered("fcp", text("fls ftp://127.0.0.1:", port, path), place.local.path());
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
        CHECK(offered("fcp", "fcp z", home.path()) == Words{"zfile\\ one ", "zfolder/", "zhost:", "zssh:"});
        CHECK(offered("fcp", "fls z", home.path()) == Words{"zhost:", "zssh:"});
        CHECK(offered("fcp", "fls joe@z", home.path()) == Words{"zhost:", "zssh:"});
        CHECK(offered("chat", "chat z", home.path()) == Words{"zssh"});
        CHECK(offered("chat", "chat ann@z", home.path()) == Words{"zssh"});
    }

    TEST_CASE("bash completes the verbs that the daemon has and the sockets that are there") {
        const Daemon daemon;
        const std::string socket = daemon.state() / "control";
        const TempDir home;
        const Words verbs = offered("ftpctl", text("ftpctl -s ", socket, ' '), home.path());
        for (const char* const verb : {"help", "who", "user"}) CHECK(std::ranges::count(verbs, verb) == 1);
        CHECK(offered("ftpctl", text("ftpctl -s ", socket, " wh"), home.path()) == Words{"who"});
        const std::string config = home / "ftpd.conf";
        write_file(config, text("state ", daemon.state().native(), '\n'));
        for (const char* const option : {"-f ", "-f"})
            CHECK(offered("ftpctl", text("ftpctl ", option, config, " wh"), home.path()) == Words{"who"});
        CHECK(offered("ftpctl", text("ftpctl -s ", socket, " who "), home.path()).empty());
        CHECK(offered("ftpctl", text("ftpctl -s ", socket.substr(0, socket.size() - 3)), home.path()) ==
              Words{socket});
        CHECK(offered("chat", "chat " + socket.substr(0, socket.size() - 3), home.path()) == Words{socket});
        write_file(home / "file", "");
        CHECK(offered("ftpctl", "ftpctl -s fi", home.path()).empty());
        CHECK(offered("ftpctl", "ftpctl -f fi", home.path()) == Words{"file"});
    }
}
