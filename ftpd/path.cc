// SPDX-License-Identifier: ISC
#include "ftpd/path.hh"

#include "common/text.hh"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ftpd {
namespace {

// FNV-1a, 64 bits: short, stable across builds, and nothing depends on its strength.
std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

} // namespace

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end > 0) parts.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

std::string resolve_path(std::string_view cwd, std::string_view given) {
    std::vector<std::string_view> kept;
    const auto walk = [&](std::string_view path) {
        for (const std::string_view part : components(path)) {
            if (part == ".") continue;
            if (part != "..")
                kept.push_back(part);
            else if (!kept.empty())
                kept.pop_back();
        }
    };
    if (given.empty() || given.front() != '/') walk(cwd);
    walk(given);
    std::string path;
    for (const std::string_view part : kept) path.append("/").append(part);
    return path.empty() ? "/" : path;
}

bool is_reserved(std::string_view name) { return name.substr(0, reserved_prefix.size()) == reserved_prefix; }

std::string partial_name(std::string_view name) {
    constexpr std::size_t max_name = 255;
    if (reserved_prefix.size() + name.size() <= max_name) return common::text(reserved_prefix, name);
    return common::text(reserved_prefix, name.substr(0, 200), '-', hash_of(name));
}

bool means_directory(std::string_view given) {
    const std::string_view last = given.substr(given.rfind('/') + 1);
    return last.empty() || last == "." || last == "..";
}

std::string name_beside(std::string_view given, std::string_view beside, std::string_view path) {
    const std::size_t name = given.rfind('/') + 1;
    if (given.substr(name) != last_component(beside)) return std::string{path};
    return common::text(given.substr(0, name), last_component(path));
}

std::string replaced_name(std::string_view name, pid_t process) {
    return partial_name(common::text(reserved_prefix, process, '-', name));
}

bool is_replaced_name(std::string_view name) {
    return is_reserved(name) && is_reserved(name.substr(reserved_prefix.size()));
}

std::string_view last_component(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string in_one_line(std::string_view bytes) {
    std::string line{bytes};
    make_one_line(line);
    return line;
}

void make_one_line(std::span<char> bytes) {
    for (char& c : bytes) c = c == '\r' || c == '\n' ? '?' : c;
}

std::string quote_path(std::string_view path) {
    std::string quoted = "\"";
    for (const char c : path) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

std::string encode_for_url(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    std::string encoded;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != plain.npos)
            encoded += c;
        else
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

} // namespace ftpd
