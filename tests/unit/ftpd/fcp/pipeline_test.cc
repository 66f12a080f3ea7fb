// SPDX-License-Identifier: ISC
#include "ftpd/fcp/pipeline.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "tests/e2e/fake_server.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Connection;
using e2e::FakeServer;
using ftpd::Ask;
using ftpd::Exchange;
using ftpd::Next;
using ftpd::Piece;
using ftpd::Pipeline;
using ftpd::Reply;
using ftpd::ServerLink;

namespace {

// Gets, or sends, a body of so many bytes.
class Body : public Exchange {
public:
    enum class Way { in, out };
    Body(Way way, std::size_t size, std::string& log) : way_(way), size_(size), log_(log) {}

    std::vector<std::string> begin() override {
        moved_ = 0;
        return {way_ == Way::in ? "GET" : "PUT"};
    }
    Next on_reply(const Reply& reply) override {
        if (reply.code == 150) return way_ == Way::in ? Next::body(size_) : Next::reply();
        log_ += text(reply.code, ' ', moved_, '|');
        return Next::over();
    }
    Next on_body(std::string_view bytes) override {
        moved_ += bytes.size();
        return Next::reply();
    }
    Piece next_piece(std::span<char> into) override {
        if (way_ == Way::in || moved_ == size_) return {Piece::State::none};
        const std::size_t bytes = std::min(size_ - moved_, into.size());
        std::fill_n(into.begin(), bytes, 'x');
        moved_ += bytes;
        return {Piece::State::some, bytes};
    }
    void on_loss(const std::string& why) override { log_ += why + '|'; }

private:
    Way way_;
    std::size_t size_, moved_ = 0;
    std::string& log_;
};

Pipeline pipeline_to(std::vector<FakeServer*> servers) {
    return Pipeline{[servers, next = std::size_t{0}]() mutable {
        return ServerLink{std::vector{servers.at(next++)->address()}, std::chrono::seconds{10}};
    }};
}

void ask(Pipeline& pipeline, const std::string& line, std::string& log) {
    pipeline.add(std::make_unique<Ask>(std::vector{line}, [&log](const std::vector<Reply>& replies) {
        log += text(replies[0].code, ' ', replies[0].text, '|');
    }));
}

constexpr std::size_t large = 20'000'000; // more than the sockets' buffers hold

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("many commands are sent before the first is answered and more when half of them are") {
        constexpr int commands = 200, bound = 128, half = bound / 2;
        std::string log;
        FakeServer server{[](Connection& client) {
            for (int line = 0; line < bound; ++line) CHECK(client.read_line() == text("ASK ", line));
            CHECK(!client.has_input());
            for (int line = 0; line < half - 1; ++line) client.send(text("200 ", line, "\r\n"));
            CHECK(!client.has_input());
            client.send(text("200 ", half - 1, "\r\n"));
            for (int line = bound; line < bound + half; ++line)
                CHECK(client.read_line() == text("ASK ", line));
            CHECK(!client.has_input());
            for (int line = half; line < bound + half; ++line) client.send(text("200 ", line, "\r\n"));
            for (int line = bound + half; line < commands; ++line) {
                CHECK(client.read_line() == text("ASK ", line));
                client.send(text("200 ", line, "\r\n"));
            }
        }};
        Pipeline pipeline = pipeline_to({&server});
        std::string expected;
        for (int line = 0; line < commands; ++line) {
            ask(pipeline, text("ASK ", line), log);
            expected += text("200 ", line, '|');
        }
        pipeline.run();
        CHECK(log == expected);
    }

    TEST_CASE("a server that sends before it reads is read while we send") {
        std::string log;
        FakeServer server{[](Connection& client) {
            client.read_line(); // GET
            client.read_line(); // PUT
            client.send("150 \r\n" + std::string(large, 'y') + "226 Sent.\r\n");
            client.read_exactly(large);
            client.send("150 \r\n226 Stored.\r\n");
        }};
        Pipeline pipeline = pipeline_to({&server});
        pipeline.add(std::make_unique<Body>(Body::Way::in, large, log));
        pipeline.add(std::make_unique<Body>(Body::Way::out, large, log));
        pipeline.run();
        CHECK(log == text("226 ", large, "|226 ", large, '|'));
    }

    TEST_CASE("a connection that breaks costs what was being answered and the rest goes over another") {
        std::string log;
        FakeServer first{[](Connection& client) {
            client.read_line();
            client.send("200 a\r\n");
            client.read_line();
            client.send("150 \r\nhalf");
        }};
        FakeServer second{[](Connection& client) {
            CHECK(client.read_line() == "B");
            client.send("200 b\r\n");
            CHECK(client.read_line() == "C");
            client.send("200 c\r\n");
        }};
        Pipeline pipeline = pipeline_to({&first, &second});
        ask(pipeline, "A", log);
        pipeline.add(std::make_unique<Body>(Body::Way::in, 100, log));
        ask(pipeline, "B", log);
        ask(pipeline, "C", log);
        pipeline.run();
        CHECK(log == "200 a|the server has closed the connection|200 b|200 c|");
    }

    TEST_CASE("a body that is refused before it is sent costs its connection and nothing else") {
        std::string log;
        FakeServer first{[](Connection& client) {
            client.read_line();
            client.send("552 Full.\r\n");
            client.wait_for_end();
        }};
        FakeServer second{[](Connection& client) {
            client.read_line();
            client.send("200 b\r\n");
        }};
        Pipeline pipeline = pipeline_to({&first, &second});
        pipeline.add(std::make_unique<Body>(Body::Way::out, std::size_t{1} << 40, log));
        ask(pipeline, "B", log);
        pipeline.run();
        CHECK(log.starts_with("552 "));
        CHECK(log.ends_with("|200 b|"));
    }

    TEST_CASE("a server that closes without a word or says 421 is not asked again") {
        const auto fault = [](const std::string& words) -> std::string {
            std::string log;
            FakeServer server{[words](Connection& client) {
                client.read_line();
                client.send(words);
            }};
            Pipeline pipeline = pipeline_to({&server});
            ask(pipeline, "A", log);
            ask(pipeline, "B", log);
            try {
                pipeline.run();
            } catch (const common::PeerError& error) {
                return error.what();
            }
            return log;
        };
        CHECK(fault("") == "the server has closed the connection");
        CHECK(fault("421 Stopping.\r\n") == "Stopping.");
        CHECK(fault("nonsense\r\n") == "this is not an FTP server: it says nonsense");
    }

    TEST_CASE("what is added in midst of a run is done and what is added as the last comes last") {
        std::string log;
        FakeServer server{[](Connection& client) {
            for (const char* const line : {"A", "B", "C", "LAST"}) {
                CHECK(client.read_line() == line);
                client.send(text("200 ", line, "\r\n"));
            }
        }};
        Pipeline pipeline = pipeline_to({&server});
        const auto nothing = [](const std::vector<Reply>&) {};
        pipeline.add_last(std::make_unique<Ask>(std::vector<std::string>{"LAST"}, nothing));
        pipeline.add(std::make_unique<Ask>(std::vector<std::string>{"A", "B"},
                                           [&](const std::vector<Reply>&) { ask(pipeline, "C", log); }));
        pipeline.run();
        CHECK(log == "200 C|");
    }
}
