// SPDX-License-Identifier: ISC
// Telnet byte by byte, as RFC 854 and RFC 855 have it and as clients do it.
#include "chatd/terminal/telnet.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <random>

using namespace chatd::telnet;
using namespace std::literals;
using common::text;

namespace {

// What a decoder makes of the pieces: data as it is, {241} for a command, {251 31} for an option, {31:BYTES}
// for a subnegotiation.
std::string decoded(std::initializer_list<std::string_view> pieces) {
    Decoder decoder;
    std::string all;
    for (std::string_view piece : pieces)
        while (const std::optional<Event> event = decoder.next(piece)) {
            const auto command = static_cast<unsigned>(event->command);
            const auto option = static_cast<unsigned>(event->option);
            switch (event->kind) {
            case Event::Kind::data: all += event->bytes; break;
            case Event::Kind::command: all += text('{', command, '}'); break;
            case Event::Kind::option: all += text('{', command, ' ', option, '}'); break;
            case Event::Kind::subnegotiation: all += text('{', option, ':', event->bytes, '}'); break;
            }
        }
    return all;
}

// Holds whole, and cut into two and three in every place, to what is expected.
void check_decoded(std::string_view input, std::string_view expected) {
    CHECK(decoded({input}) == expected);
    for (std::size_t one = 0; one <= input.size(); ++one)
        for (std::size_t two = one; two <= input.size(); ++two) {
            CAPTURE(one);
            CAPTURE(two);
            CHECK(decoded({input.substr(0, one), input.substr(one, two - one), input.substr(two)}) ==
                  expected);
        }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("telnet data comes through whole and a doubled IAC is one byte 255") {
        check_decoded("", "");
        check_decoded("hello\r\n", "hello\r\n");
        check_decoded("a\xff\xffz", "a\xffz");
        check_decoded("\xff\xff\xff\xff", "\xff\xff");
        check_decoded("\0\r\0"s, "\0\r\0"s);
        check_decoded("张三", "张三");
    }

    TEST_CASE("telnet commands and options are told between the data that they stand in") {
        check_decoded("a\xff\xf1z", "a{241}z");
        check_decoded("a\xff\xf4\xff\xfd\x06z", "a{244}{253 6}z"); // ^C of telnet(1)
        check_decoded("\xff\xfb\x01\xff\xfc\x03\xff\xfd\x18\xff\xfe\x1f", "{251 1}{252 3}{253 24}{254 31}");
        check_decoded("\xff\xfb\xff\xff\xfd\xf0", "{251 255}{253 240}"); // the option may have any number
    }

    TEST_CASE("a subnegotiation is told with its doubled IAC undone") {
        check_decoded("a\xff\xfa\x1f\0\x50\0\x18\xff\xf0z"s, "a{31:\0\x50\0\x18}z"s);
        check_decoded("\xff\xfa\x1f\0\xff\xff\0\x18\xff\xf0z"s, "{31:\0\xff\0\x18}z"s);
        check_decoded("\xff\xfa\x18\xff\xf0", "{24:}");
    }

    TEST_CASE("a subnegotiation that another command cuts off is dropped and the command is told") {
        check_decoded("\xff\xfa\x1f\0P\xff\xfb\x01z"s, "{251 1}z");
        check_decoded("\xff\xfa\x1f\0P\xff\xf1z"s, "{241}z");
        check_decoded("\xff\xfa\x1f\0P\xff\xfa\x18x\xff\xf0z"s, "{24:x}z");
        check_decoded("\xff\xfa\x1f\0P\xff\x01z"s, "z");
    }

    TEST_CASE("an end without a beginning and a command that there is not are passed over") {
        check_decoded("a\xff\xf0z", "az");
        check_decoded("a\xff\x01z\xff\xefy", "azy");
    }

    TEST_CASE("a subnegotiation that is too long is passed over whole and the next is heard") {
        const auto sub = [](std::size_t size) {
            return "\xff\xfa\x18" + std::string(size, 'x') + "\xff\xf0";
        };
        const std::size_t most = Decoder::max_subnegotiation;
        CHECK(decoded({sub(most)}) == text("{24:", std::string(most, 'x'), '}'));
        CHECK(decoded({sub(most + 1), "a", sub(1)}) == "a{24:x}");
        CHECK(decoded({sub(1'000'000), "a", sub(1)}) == "a{24:x}");
    }

    TEST_CASE("any bytes at all give the same events however they are cut") {
        std::mt19937 random{1};
        const std::string_view likely = "\xff\xff\xff\xfa\xf0\xfb\xfd\x1f\x18\r\n\0ab"sv;
        for (int round = 0; round < 300; ++round) {
            std::string input;
            for (int i = 0; i < 200; ++i)
                input += random() % 4 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
            const std::string whole = decoded({input});
            const std::string_view view = input;
            const std::size_t one = random() % input.size(), two = one + random() % (input.size() - one);
            CHECK(decoded({view.substr(0, one), view.substr(one, two - one), view.substr(two)}) == whole);
        }
    }

    TEST_CASE("what is encoded is decoded to the same whatever bytes it has") {
        std::mt19937 random{2};
        for (int round = 0; round < 300; ++round) {
            std::string bytes;
            for (std::size_t i = random() % 100; i > 0; --i)
                bytes += random() % 3 == 0 ? '\xff' : static_cast<char>(random());
            CHECK(decoded({encode_data(bytes)}) == bytes);
            CHECK(decoded({encode_subnegotiation(Option::chat, bytes), "z"}) == text("{213:", bytes, "}z"));
        }
        CHECK(encode(Command::are_you_there) == "\xff\xf6");
        CHECK(encode(Command::will, Option::echo) == "\xff\xfb\x01");
    }

    TEST_CASE("text for a telnet client has CR LF at its lines' ends and CR NUL for any other CR") {
        CHECK(encode_text("a\nb\n") == "a\r\nb\r\n");
        CHECK(encode_text("a\r\nb") == "a\r\nb");
        CHECK(encode_text("\r\x1b[K> ") == "\r\0\x1b[K> "s);
        CHECK(encode_text("a\r\r\n\r") == "a\r\0\r\n\r\0"s);
        CHECK(encode_text("\n\n") == "\r\n\r\n");
        CHECK(encode_text("\xff\n") == "\xff\xff\r\n");
    }

    TEST_CASE("Enter is one key in each of the four forms in which it comes and wherever it is cut") {
        const std::string_view four = "a\r\nb\r\0c\rd\ne\r\r\n\n\0z"sv;
        const std::string_view expected = "a\nb\nc\nd\ne\n\n\n\0z"sv;
        for (std::size_t cut = 0; cut <= four.size(); ++cut) {
            EnterKeys keys;
            std::string all = keys.normalise(four.substr(0, cut));
            all += keys.normalise(four.substr(cut));
            CHECK(all == expected);
        }
    }
}
