// SPDX-License-Identifier: ISC
// Nothing outside the served tree is read, named or changed, whatever path a client gives to whatever verb;
// neither with root's chroot nor as an ordinary user without one.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <map>

using namespace e2e;
using common::text;
namespace fs = std::filesystem;

namespace {

// Bytes that are nowhere in the tree, and a name that is neither there nor in any request.
const std::string secret = "THE-SECRET-OUTSIDE", secret_name = "NAMED-BY-NOBODY";
const std::string inside = "the file inside";

// The tree, and beside it what nobody may reach: with the same names as in the tree, and the rights for
// everybody to do anything with it.
struct Place {
    explicit Place(const Path& folder) : root(folder / "root"), outside(folder / "outside") {
        for (const Path& made : {root, outside, outside / "empty-outside", root / "a/b"})
            fs::create_directories(made);
        write_file(outside / "file-outside", secret);
        write_file(outside / secret_name, "");
        write_file(root / "file", inside);
        const std::pair<std::string, Path> links[] = {
            {"up", ".."},
            {"upup", "../../../../../../.."},
            {"out", "../outside"},
            {"out-file", "../outside/file-outside"},
            {"absolute", outside},
            {"absolute-file", outside / "file-outside"},
            {"new-outside", outside / "new"}, // leads nowhere yet: an upload would make it
            {"chain", "chain2"},
            {"chain2", "a/b/chain3"},
            {"a/b/chain3", "/../../up/./outside"},
            {"a/b/long-way", "../../../outside"},
            {"proc", "/proc/self/root"},
            {"proc-cwd", "/proc/self/cwd"},
            {"loop", "loop"},
            {"good", "/file"}, // from the top of the tree
        };
        for (const auto& [name, target] : links) fs::create_symlink(target, root / name);
        for (const Path& made : {root, root / "a", root / "a/b", outside, outside / "empty-outside"})
            fs::permissions(made, fs::perms::all);
        fs::permissions(outside / "file-outside", fs::perms::all);
    }

    // What may lead to the secret, to its folder, and to what is not there yet in it.
    Words files() const { return below("file-outside", {"out-file", "absolute-file", "a/b/../../out-file"}); }
    Words folders() const { return below("", {}); }
    Words new_names() const { return below("new", {"new-outside"}); }
    Words empty_folders() const { return below("empty-outside", {}); }

    std::map<std::string, std::string> state_outside() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator{outside})
            found[entry.path()] = entry.is_regular_file() ? read_file(entry.path()) : "";
        for (const auto& entry : fs::directory_iterator{outside.parent_path()}) found[entry.path()];
        return found;
    }

    Path root, outside;

private:
    Words below(const std::string& name, Words paths) const {
        const std::string end = name.empty() ? "" : "/" + name, absolute = outside;
        for (const char* way : {"../outside", "/../outside", "a/../../outside", "a/b/../../../outside",
                                "/a/b/../../../../outside", "up/outside", "up/../outside", "a/../up/outside",
                                "upup", "out", "out/../outside", "chain", "absolute", "a/b/chain3",
                                "a/b/long-way", "./././out", "//out//", "out/.", "up/root/../outside"})
            paths.push_back(way + end);
        for (const char* way : {"", "up", "upup", "../../../../..", "proc", "proc-cwd", "proc-cwd/.."})
            paths.push_back(way + absolute + end);
        return paths;
    }
};

// Everything that a client is ever sent passes here.
class Prober {
public:
    Prober(const Daemon& daemon, const Place& place)
        : client_(connect_logged_in(daemon)), before_(place.state_outside()), place_(place) {}

    std::string say(const std::string& line) { return judge(line, answer_to(client_, line)); }
    std::string transfer(const std::string& line, std::string_view upload = {}) {
        return judge(line, answer_over_data(client_, line, upload));
    }
    void put(const std::string& line) { judge(line, answer_to_put(client_, line, "evil")); }

private:
    std::string judge(const std::string& line, std::string answer) {
        if (answer.find(secret) != answer.npos || answer.find(secret_name) != answer.npos)
            FAIL_CHECK(line << ": gave away: " << answer);
        if (place_.state_outside() != before_) {
            FAIL_CHECK(line << ": changed what is outside");
            before_ = place_.state_outside();
        }
        return answer;
    }

    FtpClient client_;
    std::map<std::string, std::string> before_;
    const Place& place_;
};

void probe_all(Prober& probe, const Place& place) {
    for (const std::string& path : place.files()) {
        for (const char* verb : {"SIZE ", "MDTM ", "CWD ", "SITE GET ", "GET "})
            CHECK(probe.say(verb + path).starts_with("5"));
        for (const char* verb : {"RETR ", "MLSD "}) CHECK(probe.transfer(verb + path).starts_with("5"));
        // A link in the tree is shown as one that leads nowhere.
        const bool is_link = path.find('/') == path.npos && fs::is_symlink(place.root / path);
        const std::string facts = probe.say("MLST " + path);
        CHECK(facts.starts_with(is_link ? "250-Facts:\n type=OS.unix=slink:" : "5"));
        CHECK(facts.find("size=") == facts.npos);
        for (const char* verb : {"LS ", "SITE LS "})
            CHECK(probe.say(verb + path).starts_with(is_link ? "213-" : "5"));
        for (const char* verb : {"LIST ", "NLST "})
            CHECK(probe.transfer(verb + path).starts_with(is_link ? "150" : "5"));
        probe.transfer("STOR " + path, "evil");
        for (const char* verb : {"PUT ", "SITE PUT "}) probe.put(verb + path);
        probe.say("DELE " + path);
        probe.say("RMD " + path);
    }
    for (const std::string& path : place.folders()) {
        for (const char* verb : {"LIST ", "NLST ", "MLSD "}) probe.transfer(verb + path);
        for (const char* verb : {"LS ", "MLST ", "RMD ", "DELE ", "MKD "}) probe.say(verb + path);
        probe.say("CWD " + path);
        probe.transfer("LIST");
        probe.transfer("RETR file-outside");
        probe.transfer("STOR new", "evil");
        probe.say("CDUP");
        probe.say("CDUP");
        probe.transfer("RETR outside/file-outside");
        probe.say("CWD /");
    }
    for (const std::string& path : place.new_names()) {
        probe.transfer("STOR " + path, "evil");
        probe.put("PUT " + path);
        probe.say("MKD " + path);
    }
    for (const std::string& path : place.empty_folders()) probe.say("RMD " + path);
}

void check_no_way_out(const Daemon& daemon, const Place& place) {
    Prober probe{daemon, place};
    // What should work does: else the rest would prove nothing.
    CHECK(probe.transfer("RETR good").find(inside) != std::string::npos);
    CHECK(probe.transfer("RETR up/up/upup/file").find(inside) != std::string::npos);
    CHECK(probe.say("GET ../../a/b/../../good").find(inside) != std::string::npos);
    CHECK(probe.transfer("LIST up").find(" file\r\n") != std::string::npos);
    CHECK(probe.transfer("RETR loop").starts_with("550"));
    probe_all(probe, place);
    CHECK(fs::exists(place.root / "file"));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("no path leads out of the tree of a daemon that root started") {
        const TempDir folder;
        const Place place{folder.make_shared("place")};
        const Daemon daemon{{.lines = {"anonymous write", "root " + place.root.native()}}};
        check_no_way_out(daemon, place);
    }

    TEST_CASE("no path leads out of the tree of an ordinary user's daemon") {
        const TempDir folder, home;
        const Place place{folder.make_shared("place")};
        const Daemon daemon{as_ordinary_user(home, {"anonymous write", "root " + place.root.native()})};
        check_no_way_out(daemon, place);
    }
}
