// SPDX-License-Identifier: ISC
#include "ftpd/parent/records.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace ftpd;

namespace {

const Transfer upload{.direction = Direction::upload,
                      .as_text = false,
                      .complete = true,
                      .bytes = 1'234'567,
                      .size = 5'000'000,
                      .milliseconds = 2900,
                      .user = "bob",
                      .path = "/pub/notes.txt"};

// A parent's log and records, and chatd's control socket as a test answers on it.
struct Scene {
    e2e::TempDir folder;
    common::Log log{
        "ftpd", "parent", {common::Log::Target::file, (folder / "log").native()}, common::Severity::notice};
    common::Loop loop{common::Backend::poll};
    common::Fd chatd = common::listen_on(common::Address::of_path((folder / "control").native()));
    std::vector<common::Fd> asked; // by announcements, one after the other
    XferlogJournal journal;

    Announcer::Connect connect() const {
        return [path = (folder / "control").native()](const std::string&,
                                                      const Announcer::OnConnection& on_connection) {
            try {
                on_connection(common::start_connect(common::Address::of_path(path)), {});
            } catch (const std::exception& error) {
                on_connection({}, error.what());
            }
        };
    }
    Settings settings() const {
        Settings made;
        made.xferlog = (folder / "xferlog").native();
        made.announcements = {{"/pub", "lobby", (folder / "control").native()}};
        made.anonymous = {Right::read};
        made.anonymous_root = "/";
        return made;
    }
    std::string heard() {
        std::optional<common::Accepted> accepted = common::accept_from(chatd);
        if (!accepted) return "(nothing)";
        asked.push_back(std::move(accepted->socket));
        std::string line(1024, '\0');
        line.resize(common::read_some(asked.back().get(), line).bytes);
        return line;
    }
    void answer(std::string_view bytes) {
        common::write_some(asked.back().get(), bytes);
        loop.run_once(nullptr, false);
    }
    std::string logged() const { return e2e::read_file(folder / "log"); }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("announcer: a share is told with its size and a URL that works") {
        CHECK(describe_share(upload, "192.0.2.7:21") ==
              "bob shared notes.txt (5.0 MB): ftp://192.0.2.7:21/pub/notes.txt");
        Transfer odd = upload;
        odd.path = "/a b/100% #1?.txt";
        CHECK(describe_share(odd, "[::1]:2121") ==
              "bob shared 100% #1?.txt (5.0 MB): ftp://[::1]:2121/a%20b/100%25%20%231%3F.txt");
        odd.path = "/x\ny";
        // Whoever follows a link is shut in that folder.
        CHECK(describe_share(upload, "192.0.2.7:21", "/").ends_with(": ftp://192.0.2.7:21" + upload.path));
        Transfer within = upload;
        within.path = "/in/box/notes";
        CHECK(describe_share(within, "h:21", "/in").ends_with(": ftp://h:21/box/notes"));
        CHECK(describe_share(within, "h:21", "/in/bo").ends_with(": /in/box/notes"));
        CHECK(describe_share(within, "h:21", "/out/of/all/of/this").ends_with(": /in/box/notes"));
        CHECK(describe_share(odd, "") == "bob shared x\\ny (5.0 MB): /x\\ny");
        odd.user = "-";
        CHECK(describe_share(odd, "").starts_with("anonymous shared x"));
    }

    TEST_CASE("announcer: beneath a folder is what is in it and not what only begins like it") {
        CHECK(is_beneath("/pub/a", "/pub"));
        CHECK(is_beneath("/pub/a/b", "/pub"));
        CHECK(is_beneath("/x", "/"));
        for (const char* const path : {"/pub", "/public/a", "/a/pub/b", "/"})
            CHECK_FALSE(is_beneath(path, "/pub"));
    }

    TEST_CASE("announcer: chatd is told of what lies in the rule's folder and an ok leaves no trace") {
        Scene scene;
        Announcer announcer{scene.loop, scene.log, scene.connect()};
        announcer.set_rules(scene.settings().announcements);
        Transfer elsewhere = upload;
        elsewhere.path = "/public/notes.txt";
        announcer.announce(elsewhere, "h:21", "/");
        CHECK(scene.heard() == "(nothing)");
        announcer.announce(upload, "h:21", "/");
        CHECK(scene.heard() == "notice -r lobby bob shared notes.txt (5.0 MB): ftp://h:21/pub/notes.txt\n");
        scene.answer("ok\n");
        CHECK(scene.logged().empty());
    }

    TEST_CASE("announcer: what chatd refuses or breaks off or says without end costs a warning each") {
        Scene scene;
        Announcer announcer{scene.loop, scene.log, scene.connect()};
        announcer.set_rules(scene.settings().announcements);
        const auto warned = [&](std::string_view answer) {
            announcer.announce(upload, "", "/");
            scene.heard();
            if (answer.empty()) scene.asked.back().reset();
            for (const std::size_t before = scene.logged().size(); scene.logged().size() == before;) {
                if (scene.asked.back()) scene.answer(answer);
                scene.loop.run_once(nullptr, false);
            }
            const std::string all = scene.logged();
            return all.substr(all.find("not announced", all.rfind("parent[")));
        };
        CHECK(warned("error no such room: lob\x1b\n") ==
              "not announced in lobby: error no such room: lob\\x1b\n");
        CHECK(warned("") == "not announced in lobby: it has closed the connection\n");
        CHECK(warned(std::string(1024, 'x')) == "not announced in lobby: its answer is too long\n");
        scene.chatd.reset();
        announcer.announce(upload, "", "/");
        CHECK(std::ranges::count(scene.logged(), '\n') == 4);
    }

    TEST_CASE("announcer: only so many wait for an answer at once") {
        Scene scene;
        Announcer announcer{scene.loop, scene.log, scene.connect()};
        announcer.set_rules(scene.settings().announcements);
        for (std::size_t told = 0; told < Announcer::max_at_once; ++told) announcer.announce(upload, "", "/");
        CHECK(scene.logged().empty());
        announcer.announce(upload, "", "/");
        CHECK(
            scene.logged().ends_with("not announced in lobby: too many announcements wait for an answer\n"));
    }

    TEST_CASE(
        "records: a transfer is in the log and the transfer log and told only when it is a whole upload") {
        Scene scene;
        Records records{scene.loop,       scene.log,
                        scene.settings(), Xferlog::open((scene.folder / "xferlog").native()),
                        scene.journal,    scene.connect()};
        const auto [ours, theirs] = common::make_packet_pair();
        common::ErrorLines errors;
        const auto take = [&, pair = ours.get(), other = theirs.get()](const std::string& packet) {
            CHECK(common::send_packet(other, packet) == common::IoState::done);
            return records.read(pair, {7, "192.0.2.7", "h:21"}, errors);
        };
        Transfer cut = upload;
        cut.complete = false;
        CHECK(take(pack_frame(cut)) == Records::Read::all);
        CHECK(scene.logged().ends_with(
            "session[7]: stored 1234567 bytes in /pub/notes.txt in 2.900 s, broken off\n"));
        Transfer down = upload;
        down.direction = Direction::download;
        take(pack_frame(down));
        CHECK(scene.logged().ends_with("session[7]: sent 1234567 bytes of /pub/notes.txt in 2.900 s\n"));
        CHECK(scene.heard() == "(nothing)");
        take(pack_frame(upload));
        CHECK(scene.heard().find("ftp://h:21/pub/notes.txt") != std::string::npos);
        CHECK(std::ranges::count(e2e::read_file(scene.folder / "xferlog"), '\n') == 3);
        take(pack_frame(LogLine{common::Severity::notice, "login bob"}));
        CHECK(scene.logged().ends_with("session[7]: login bob\n"));
        CHECK(take("free(): invalid pointer\n") == Records::Read::all); // on its standard error
        CHECK(scene.logged().ends_with("session[7]: standard error: free(): invalid pointer\n"));
        CHECK(take(std::string(2 * max_session_packet, 'x')) == Records::Read::all); // a long report
        CHECK_THROWS_AS(take("\3 what no session sends"), common::PeerError);
        CHECK_THROWS_AS(take(std::string(max_session_packet + 1, '\1')), common::PeerError);
    }

    TEST_CASE("records: one session's packets are read a few at a time up to its end") {
        Scene scene;
        Records records{scene.loop,       scene.log,
                        scene.settings(), Xferlog::open((scene.folder / "xferlog").native()),
                        scene.journal,    scene.connect()};
        auto [ours, theirs] = common::make_packet_pair();
        for (int sent = 0; sent < 20; ++sent)
            CHECK(common::send_packet(theirs.get(), pack_frame(LogLine{})) == common::IoState::done);
        const Records::Source source{7, "h", ""};
        common::ErrorLines errors;
        CHECK(records.read(ours.get(), source, errors) == Records::Read::more);
        CHECK(records.read(ours.get(), source, errors) == Records::Read::all);
        theirs.reset();
        CHECK(records.read(ours.get(), source, errors) == Records::Read::ended);
    }

    TEST_CASE(
        "records: a transfer that the parent before has written is not written again but told in chatd") {
        Scene scene;
        const auto written = [&] {
            return std::ranges::count(e2e::read_file(scene.folder / "xferlog"), '\n');
        };
        const auto open = [&] { return Xferlog::open((scene.folder / "xferlog").native()); };
        Transfer second = upload;
        second.number = 2;
        Xferlog{open(), scene.journal}.write({7, 2}, second,
                                             "192.0.2.7"); // and it dies before it takes the packet
        const auto [ours, theirs] = common::make_packet_pair();
        Records records{scene.loop, scene.log, scene.settings(), open(), scene.journal, scene.connect()};
        common::ErrorLines errors;
        const auto take = [&, pair = ours.get(), other = theirs.get()](const Transfer& transfer) {
            CHECK(common::send_packet(other, pack_frame(transfer)) == common::IoState::done);
            return records.read(pair, {7, "192.0.2.7", "h:21"}, errors);
        };
        CHECK(take(second) == Records::Read::all);
        CHECK(written() == 1);
        CHECK(scene.logged().empty());
        CHECK(scene.heard().find("bob shared") != std::string::npos);
        CHECK(scene.journal.session == 0);
        second.number = 3; // the same once more
        take(second);
        CHECK(written() == 2);
    }

    TEST_CASE("records: what a session had said is read though it ended before it had read all") {
        Scene scene;
        Records records{scene.loop,       scene.log,
                        scene.settings(), Xferlog::open((scene.folder / "xferlog").native()),
                        scene.journal,    scene.connect()};
        auto [ours, theirs] = common::make_packet_pair();
        CHECK(common::send_packet(theirs.get(), pack_frame(upload)) == common::IoState::done);
        CHECK(common::send_packet(ours.get(), pack_frame(Kick{})) == common::IoState::done);
        theirs.reset();
        common::ErrorLines errors;
        CHECK(records.read(ours.get(), {7, "h", ""}, errors) == Records::Read::ended);
        CHECK(std::ranges::count(e2e::read_file(scene.folder / "xferlog"), '\n') == 1);
    }
}
