// SPDX-License-Identifier: ISC
// Bytes that nobody may guess, and bytes that must not be found in memory afterwards: passwords and codes on
// their way to authd. Used by whatever process a password passes through.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace common {

// To be called at a process's start, if it needs random bytes later: from then on that takes no descriptor,
// and never waits. Throws std::system_error.
void open_random_source();
// Bytes of the system's source of randomness, at most 256 in one call. Throws std::system_error.
void fill_random(std::span<char> bytes);

// Overwrites the bytes, in a way that no compiler leaves out.
void erase_bytes(std::span<char> bytes);
// The same for a string's, and empties it. What it held before it last grew is out of reach.
void erase_bytes(std::string& bytes);

// Whether somebody who gave this knows the secret. How long that takes depends on what was given alone: not
// on how much of it is right, nor on how long the secret is.
bool equal_in_constant_time(std::string_view secret, std::string_view given);

// A password. It is erased when it goes, and moving it leaves no second one behind.
class Secret {
public:
    Secret() : Secret(std::string_view{}) {}
    explicit Secret(std::string_view bytes);
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    std::string_view view() const { return bytes_ ? std::string_view{bytes_.get(), size_} : ""; }
    const char* c_str() const { return bytes_ ? bytes_.get() : ""; } // for crypt(3)

private:
    void erase();
    std::size_t size_;
    std::unique_ptr<char[]> bytes_; // with a NUL after them; none after a move
};

} // namespace common
