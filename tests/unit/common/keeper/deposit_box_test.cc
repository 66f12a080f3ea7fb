// SPDX-License-Identifier: ISC
#include "common/keeper/deposit_box.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>

using namespace common;
using Descriptor = DepositBox::Descriptor;

namespace {

std::shared_ptr<const Fd> some_file() {
    return std::make_shared<const Fd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

// The labels in their order, with what stands there, and + for a descriptor.
std::string shown(const DepositBox& box) {
    std::string all;
    for (const DepositBox::Deposit& one : box.all())
        all += text(one.label, '=', one.bytes, one.fd ? "+ " : " ");
    return all;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("deposit box: what was deposited first comes first whatever was put in its place") {
        DepositBox box;
        for (const char* const label : {"b", "a", "c"}) box.put(label, "1", Descriptor::stays, nullptr);
        box.put("a", "2", Descriptor::is_replaced, some_file());
        CHECK(shown(box) == "b=1 a=2+ c=1 ");
        box.withdraw("b");
        box.withdraw("nobody's");
        box.put("b", "3", Descriptor::stays, nullptr);
        CHECK(shown(box) == "a=2+ c=1 b=3 ");
        CHECK(box.bytes() == 6);
        box.clear();
        CHECK(shown(box).empty());
        CHECK(box.bytes() == 0);
        box.put("a", "", Descriptor::stays, nullptr);
        CHECK(shown(box) == "a= ");
    }

    TEST_CASE("deposit box: a descriptor stays or is replaced as the deposit says and ends with it") {
        DepositBox box;
        const auto put = [&](Descriptor descriptor, std::shared_ptr<const Fd> fd) {
            const int number = fd ? fd->get() : -1;
            box.put("a", "x", descriptor, std::move(fd));
            return number;
        };
        const int first = put(Descriptor::is_replaced, some_file());
        put(Descriptor::stays, nullptr);
        CHECK(is_open(first));
        const int second = put(Descriptor::is_replaced, some_file());
        CHECK_FALSE(is_open(first));
        CHECK(is_open(second));
        put(Descriptor::is_replaced, nullptr); // one for which there was no room
        CHECK_FALSE(is_open(second));
        CHECK(shown(box) == "a=x ");
        const int third = put(Descriptor::is_replaced, some_file());
        box.withdraw("a");
        CHECK_FALSE(is_open(third));
    }

    TEST_CASE("deposit box: beyond its caps nothing changes and whoever deposits is at fault") {
        DepositBox box{{.deposits = 2, .bytes = 10}};
        box.put("a", "123", Descriptor::stays, nullptr);
        box.put("b", "123", Descriptor::stays, nullptr);
        const auto is_refused = [&](const std::string& label, const std::string& bytes) {
            const std::string before = shown(box);
            CHECK_THROWS_AS(box.put(label, bytes, Descriptor::stays, nullptr), PeerError);
            CHECK(shown(box) == before);
        };
        is_refused("c", "");
        is_refused("b", "123456");
        is_refused("", "");
        is_refused(std::string(max_deposit_label + 1, 'x'), "");
        box.put("b", "12345", Descriptor::stays, nullptr);
        CHECK(box.bytes() == 10);
        box.withdraw("a");
        box.put(std::string(2, 'x'), "12", Descriptor::stays, nullptr);

        DepositBox wide;
        wide.put(std::string(max_deposit_label, 'x'), std::string(max_keeper_text, 'x'), Descriptor::stays,
                 nullptr);
        CHECK_THROWS_AS(wide.put("x", std::string(max_keeper_text + 1, 'x'), Descriptor::stays, nullptr),
                        PeerError);
    }

    TEST_CASE("deposit box: nothing of what was deposited is left in a child that is to have none of it") {
        DepositBox box;
        box.put("client 1", "a secret token", DepositBox::Descriptor::is_replaced, nullptr);
        box.put("client 2", "another", DepositBox::Descriptor::is_replaced, nullptr);
        box.erase();
        for (const DepositBox::Deposit& one : box.all())
            CHECK(one.bytes.find_first_not_of('\0') == std::string::npos);
    }
}
