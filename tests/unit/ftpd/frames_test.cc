// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/refusal.hh"

#include <cerrno>
#include <doctest/doctest.h>

using namespace ftpd;
using common::PeerError;
using common::Severity;

namespace {

Activity full_activity() {
    return {.user = "anonymous",
            .verb = "RETR",
            .path = "/pub/h\xc3\xa4user",
            .done = 1,
            .total = 0x1'0000'0001,
            .sent = UINT64_MAX,
            .received = 4,
            .transfers = 5,
            .tls = "1.2/CHACHA20-POLY1305"};
}

void check_equal(const Activity& a, const Activity& b) {
    CHECK(a.user == b.user);
    CHECK(a.verb == b.verb);
    CHECK(a.path == b.path);
    CHECK(a.done == b.done);
    CHECK(a.total == b.total);
    CHECK(a.sent == b.sent);
    CHECK(a.received == b.received);
    CHECK(a.transfers == b.transfers);
    CHECK(a.tls == b.tls);
}

Refusal explained(int error) { return explain(std::system_error{error, std::generic_category()}, "/a\nb"); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("frames: a line for the log comes out as it went in") {
        const auto sent_as = [](const LogLine& line) {
            return std::get<LogLine>(unpack_session_packet(pack_frame(line)));
        };
        for (const Severity severity :
             {Severity::error, Severity::warning, Severity::notice, Severity::detail})
            for (const std::string& text :
                 {std::string{}, std::string{"a\0b\n", 4}, std::string(max_log_line, 'x')}) {
                const LogLine got = sent_as({severity, text});
                CHECK(got.severity == severity);
                CHECK(got.line == text);
            }
        CHECK(sent_as({Severity::error, std::string(max_log_line + 1, 'x')}).line.size() == max_log_line);
    }

    TEST_CASE("frames: a transfer comes out as it went in and what is too long is cut") {
        const auto sent_as = [](const Transfer& transfer) {
            return std::get<Transfer>(unpack_session_packet(pack_frame(transfer)));
        };
        const Transfer sent{.number = 0x1'0000'0002,
                            .direction = Direction::upload,
                            .as_text = true,
                            .complete = true,
                            .bytes = 0x1'0000'0001,
                            .size = 9,
                            .milliseconds = 12,
                            .user = std::string(40, 'u'),
                            .path = '/' + std::string(max_transfer_path, 'p')};
        const Transfer got = sent_as(sent);
        CHECK(got.number == sent.number);
        CHECK(got.direction == Direction::upload);
        CHECK(got.as_text);
        CHECK(got.complete);
        CHECK(got.bytes == sent.bytes);
        CHECK(got.size == 9);
        CHECK(got.milliseconds == 12);
        CHECK(got.user == sent.user.substr(0, 32));
        CHECK(got.path == sent.path.substr(0, max_transfer_path));
        CHECK(pack_frame(sent).size() == max_session_packet);
        CHECK_FALSE(sent_as({}).complete);
    }

    TEST_CASE("frames: a packet of a session that is neither is refused") {
        const std::string line = pack_frame(LogLine{}), transfer = pack_frame(Transfer{});
        std::string odd_direction = transfer;
        odd_direction[9] = 2;
        Transfer unnumbered;
        unnumbered.number = 0;
        for (const std::string& packet :
             {std::string{}, std::string{"\1"}, std::string{"\0\0x", 3}, std::string{"\2\0x", 3},
              std::string{"\1\4x"}, std::string{"\1\xffx"}, std::string{"\xff\0x", 3},
              std::string(line.size() + max_log_line + 1, '\1'), odd_direction, pack_frame(unnumbered),
              transfer.substr(0, transfer.size() - 1), std::string(max_session_packet + 1, '\2'),
              pack_frame(Begin{}), pack_frame(Kick{}), pack_frame(Stop{"x"}), pack_frame(Finish{"x"}),
              pack_frame(Leave{"x"})})
            CHECK_THROWS_AS(unpack_session_packet(packet), PeerError);
    }

    TEST_CASE("frames: orders come out as they went in and nothing else is one") {
        CHECK(std::holds_alternative<Begin>(unpack_order(pack_frame(Begin{}))));
        CHECK(std::holds_alternative<Kick>(unpack_order(pack_frame(Kick{}))));
        const auto words_of = [](const std::string& packet) {
            return std::get<Stop>(unpack_order(packet)).words;
        };
        for (const std::string& words :
             {std::string{}, std::string{"back at nine"}, std::string(max_stop_words, 'x')})
            CHECK(words_of(pack_frame(Stop{words})) == words);
        CHECK(std::get<Finish>(unpack_order(pack_frame(Finish{"soon"}))).words == "soon");
        CHECK(std::get<Leave>(unpack_order(pack_frame(Leave{"you"}))).words == "you");
        CHECK(pack_frame(Stop{std::string(max_stop_words + 1, 'x')}).size() == max_order);
        for (const std::string& packet :
             {std::string{}, std::string{"\1"}, pack_frame(LogLine{}), pack_frame(Transfer{}),
              pack_frame(Kick{}) + 'x', pack_frame(Begin{}) + 'x',
              std::string(max_order + 1, pack_frame(Stop{}).front())})
            CHECK_THROWS_AS(unpack_order(packet), PeerError);
    }

    TEST_CASE("frames: a parent speaks its own version and the one before") {
        CHECK(is_spoken(frames_version));
        CHECK(is_spoken(frames_version - 1));
        CHECK_FALSE(is_spoken(frames_version + 1));
        if (frames_version > 1) CHECK_FALSE(is_spoken(frames_version - 2));
        CHECK(pack_frame(Stop{"come"}) == "\x65"
                                          "come"); // in all versions
    }

    TEST_CASE("frames: an activity comes out as it went in") {
        check_equal(unpack_activity(pack_activity(full_activity())), full_activity());
        check_equal(unpack_activity(pack_activity({})), {});
    }

    TEST_CASE("frames: names too long for their field are cut and harm no other field") {
        Activity wide = full_activity();
        wide.user = std::string(32, 'u') + "lost";
        wide.verb = std::string(8, 'v') + "lost";
        wide.path = "/" + std::string(255, 'p') + "lost";
        wide.tls = std::string(32, 't') + "lost";
        Activity cut = wide;
        for (std::string* field : {&cut.user, &cut.verb, &cut.path, &cut.tls})
            field->resize(field->size() - 4);
        check_equal(unpack_activity(pack_activity(wide)), cut);
    }

    TEST_CASE("frames: a hostile page is read without harm") {
        common::StatusPages pages{1};
        const auto page = pages.page(0);
        CHECK_FALSE(read_activity(page));                     // nothing posted yet
        std::fill(page.begin(), page.end(), std::byte{0xfe}); // a number that is even: not being written
        const auto activity = read_activity(page);
        REQUIRE(activity);
        CHECK(activity->user == std::string(32, '\xfe'));
        CHECK(activity->path == std::string(256, '\xfe'));
        CHECK_THROWS(unpack_activity(std::string(activity_size - 1, 'x')));
    }

    TEST_CASE("frames: what a session does can be followed from its page") {
        common::StatusPages pages{1};
        Status status{pages.page(0)};
        const auto seen = [&] {
            Activity activity = read_activity(pages.page(0)).value();
            activity.began = 0;
            return activity;
        };
        check_equal(seen(), {});
        status.set_user("anonymous");
        status.begin("RETR", "/x", 100);
        CHECK(common::Clock::now() - status.began() < std::chrono::minutes{1});
        status.add_sent(60);
        status.add_sent(40);
        check_equal(seen(), {"anonymous", "RETR", "/x", 100, 100, 100, 0, 0});
        status.complete_transfer();
        status.begin("STOR", "/y");
        status.add_received(7);
        check_equal(seen(), {"anonymous", "STOR", "/y", 7, 0, 100, 7, 1});
        status.idle();
        check_equal(seen(), {"anonymous", "idle", "", 0, 0, 100, 7, 1});
    }

    TEST_CASE("refusal: what the system refused has the code that says whether to try again") {
        for (const int error : {EAGAIN, EBUSY, EMFILE, ENFILE, ENOBUFS, ENOMEM})
            CHECK(explained(error).code == 450);
        for (const int error : {ENOSPC, EDQUOT, EFBIG}) CHECK(explained(error).code == 552);
        for (const int error :
             {ENOENT, EACCES, EPERM, EEXIST, ENOTEMPTY, ELOOP, EXDEV, ENAMETOOLONG, EIO, EROFS})
            CHECK(explained(error).code == 550);
        CHECK(explained(ENOENT).words == "/a\\nb: No such file or directory.");
        CHECK(explained(EACCES).words == "/a\\nb: Permission denied to the server's user.");
    }
}
