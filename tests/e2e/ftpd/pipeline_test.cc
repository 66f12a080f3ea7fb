// SPDX-License-Identifier: ISC
// In-band transfers in a row over one connection, both ways, without waiting for answers, however the bytes
// are cut and whoever is slow.
#include "tests/e2e/clients.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <map>
#include <thread>

using common::text;
using e2e::cksum_of;
using e2e::Connection;
using e2e::Daemon;
using e2e::names_in;
using e2e::read_file;
using e2e::Words;
using e2e::writable;
using e2e::write_file;
using e2e::write_shared;
using namespace std::string_literals;

namespace {

// A dialogue and all that must come back.
struct Dialogue {
    std::string sent;
    std::string expected =
        "220 This is ftpd. Log in as anonymous, or just type LS, GET PATH, WRITE PATH, or ? for more.\r\n";

    void get(const std::string& name, std::string_view content, std::size_t from = 0) {
        if (from > 0) rest(from);
        sent += text("GET ", name, "\r\n");
        const std::string_view body = content.substr(from);
        expected +=
            text("150 ", body.size(), " bytes follow\r\n", body, "226 ", sum(body), ' ', name, "\r\n");
    }
    void put(const std::string& name, std::string_view body, std::size_t from = 0) {
        if (from > 0) rest(from);
        announce(body);
        sent += text("PUT ", name, "\r\n", body);
        expected += text("150 Send ", body.size(), " bytes.\r\n226 ", sum(body), ' ', name, "\r\n");
    }
    void refused_put(const std::string& name, std::string_view body, std::string_view reply) {
        announce(body);
        sent += text("PUT ", name, "\r\n", body);
        expected += text(reply, "\r\n");
    }
    void rest(std::size_t from) {
        sent += text("REST ", from, "\r\n");
        expected += text("350 The next transfer starts at byte ", from, ".\r\n");
    }
    void announce(std::string_view body) {
        sent += text("ALLO ", body.size(), "\r\n");
        expected += text("200 The next upload has ", body.size(), " bytes.\r\n");
    }
    void quit() {
        sent += "QUIT\r\n";
        expected += "221 Goodbye.\r\n";
    }

private:
    // Looked up, since a process is started for each.
    const std::string& sum(std::string_view bytes) {
        auto [known, is_new] = sums_.try_emplace(std::string{bytes});
        if (is_new) known->second = cksum_of(bytes);
        return known->second;
    }
    std::map<std::string, std::string> sums_;
};

// Sends the pieces in packets of their own while it reads; returns all that comes.
std::string talk(const Daemon& daemon, const std::vector<std::string_view>& pieces) {
    Connection client{daemon.addresses().at(0)};
    common::set_no_delay(client.fd());
    std::string answers;
    std::jthread reader{[&] {
        try {
            answers = client.read_to_end();
        } catch (const std::exception& failure) {
            answers = failure.what();
        }
    }};
    for (const std::string_view piece : pieces) client.try_send(piece);
    reader.join();
    return answers;
}

std::vector<std::string_view> cut(std::string_view whole, std::size_t length) {
    std::vector<std::string_view> pieces;
    for (; !whole.empty(); whole.remove_prefix(std::min(length, whole.size())))
        pieces.push_back(whole.substr(0, length));
    return pieces;
}

// With bodies that look like commands, and one of no bytes.
Dialogue short_dialogue() {
    Dialogue dialogue;
    dialogue.get("file", "QUIT\r\n");
    dialogue.put("new", "GET x\r\n");
    dialogue.get("new", "GET x\r\n", 4);
    dialogue.put("new", "\r\n", 3); // in place
    dialogue.refused_put(".ftpd-x", "PUT y\r\n",
                         "553 Names that begin with .ftpd- are reserved for the server.");
    dialogue.put("empty", "");
    dialogue.get("empty", "");
    dialogue.get("new", "GET\r\n\r\n", 2);
    dialogue.quit();
    return dialogue;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("transfers in a row go the same way cut in two anywhere or in single bytes") {
        const Daemon daemon{writable()};
        write_file(daemon.files() / "file", "QUIT\r\n");
        const Dialogue dialogue = short_dialogue();
        const std::string_view bytes = dialogue.sent;
        for (std::size_t at = 1; at < bytes.size(); ++at) {
            CAPTURE(at);
            REQUIRE(talk(daemon, {bytes.substr(0, at), bytes.substr(at)}) == dialogue.expected);
        }
        for (const std::size_t length : {1, 2, 3, 7}) {
            CAPTURE(length);
            CHECK(talk(daemon, cut(bytes, length)) == dialogue.expected);
        }
        CHECK(read_file(daemon.files() / "new") == "GET\r\n\r\n");
        CHECK(names_in(daemon.files()) == Words{"empty", "file", "new"});
    }

    TEST_CASE("hundreds of transfers in a row both ways are answered in their order and byte for byte") {
        const Daemon daemon{writable()};
        const std::string large = e2e::make_bytes(100'000), small = "the small one";
        write_shared(daemon.files() / "large", large);
        write_shared(daemon.files() / "small", small);
        Dialogue dialogue;
        for (std::size_t round = 0; round < 100; ++round) {
            dialogue.get("large", large, round % 7 * 10'000);
            dialogue.put(text("new", round % 10), large);
            dialogue.get("small", small, round % small.size());
            dialogue.put(text("little", round), small);
            dialogue.refused_put("missing/x", large, "550 missing/x: No such file or directory.");
            dialogue.get(text("little", round), small);
        }
        dialogue.quit();
        CHECK((talk(daemon, {dialogue.sent}) == dialogue.expected));
        CHECK((talk(daemon, cut(dialogue.sent, 4096)) == dialogue.expected));
        CHECK((read_file(daemon.files() / "new3") == large));
        CHECK(read_file(daemon.files() / "little99") == small);
    }

    TEST_CASE("a client that sends everything before it reads anything gets it all") {
        // Less than the two sides' buffers hold; a client that would send more must read, as in any protocol.
        const Daemon daemon{writable()};
        const std::string content = e2e::make_bytes(500);
        write_shared(daemon.files() / "file", content);
        Dialogue dialogue;
        for (int round = 0; round < 100; ++round) {
            dialogue.get("file", content);
            dialogue.put(text("new", round), content);
        }
        dialogue.quit();
        Connection client{daemon.addresses().at(0)};
        client.send(dialogue.sent);
        CHECK((client.read_to_end() == dialogue.expected));
    }

    TEST_CASE("a client that reads slowly holds up its own commands and loses none of them") {
        const Daemon daemon{writable()};
        const std::string large = e2e::make_bytes(20'000'000); // more than all buffers on the way
        write_shared(daemon.files() / "large", large);
        Dialogue dialogue;
        for (int round = 0; round < 2; ++round) {
            dialogue.get("large", large);
            dialogue.put("copy", large);
        }
        dialogue.quit();
        Connection client{daemon.addresses().at(0)};
        client.set_receive_buffer(65536);
        std::jthread writer{[&] {
            try {
                client.try_send(dialogue.sent);
            } catch (const std::exception&) { // too late: what is read tells
            }
        }};
        // The session is stuck in the first body, and takes none of the upload behind it.
        std::string answers = client.read_exactly(dialogue.expected.find("bytes follow"));
        CHECK(!std::filesystem::exists(daemon.files() / "copy"));
        answers += client.read_to_end();
        writer.join();
        CHECK((answers == dialogue.expected));
        CHECK((read_file(daemon.files() / "copy") == large));
    }

    TEST_CASE("a client that vanishes amid transfers in a row leaves what was complete") {
        const Daemon daemon{writable()};
        e2e::write_sparse(daemon.files() / "large", "x"); // more than all buffers on the way
        {
            Connection client{daemon.addresses().at(0)};
            client.send("ALLO 3\r\nPUT one\r\nabcGET large\r\nALLO 3\r\nPUT two\r\nabc");
            client.expect(220);
            client.expect(200);
            client.expect(150);
            client.expect(226);
            client.expect(150);
            client.reset();
        }
        daemon.wait_until_idle();
        CHECK(names_in(daemon.files()) == Words{"large", "one"});
    }
}
