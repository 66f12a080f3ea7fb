// SPDX-License-Identifier: ISC
// The people whom one client does not want to hear: the hub says which clients each of them is, also when it
// comes back with another number or name. Run by handlers; works on values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace chatd {

class IgnoredPeople {
public:
    // A person, by the number that the hub has for it, is not shown: one of its clients has this number, and
    // this name.
    void ignore(std::uint64_t person, std::uint64_t client, std::string_view name);
    void show_again(std::uint64_t person);
    // What the hub accepts `ignore' with: `+', a person and the numbers of its clients, or `-' and persons.
    // name: of who it was asked about. Whether that is ignored now.
    bool take(std::string_view words, std::string_view name);

    bool ignores_anybody() const { return !persons_.empty(); }
    bool ignores(std::uint64_t client) const { return ignores_anybody() && persons_.contains(client); }
    std::string ignored_names() const; // with commas; empty: none

private:
    std::map<std::uint64_t, std::string> names_;     // by person
    std::map<std::uint64_t, std::uint64_t> persons_; // by client
};

} // namespace chatd
