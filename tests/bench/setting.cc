// SPDX-License-Identifier: ISC
#include "tests/bench/setting.hh"

#include "common/errors.hh"
#include "tests/bench/rows.hh"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bench {

std::map<std::string, std::string> name_builds(const Words& folders) {
    std::map<std::string, std::string> named;
    for (const std::string& folder : folders) {
        std::string name{suite};
        if (!named.empty()) name += " (" + std::filesystem::path{folder}.filename().string() + ")";
        named.emplace(std::move(name), folder);
    }
    return named;
}

std::string replace_words(std::string text, const std::map<std::string, std::string>& words) {
    for (const auto& [word, value] : words)
        for (std::size_t at = 0; (at = text.find("@" + word + "@", at)) != text.npos; at += value.size())
            text.replace(at, word.size() + 2, value);
    return text;
}

std::string write_configuration(const Setting& setting, std::string_view name,
                                const std::map<std::string, std::string>& words) {
    const std::string file = std::string{name}.append(".conf");
    std::ifstream in{setting.sources + "/servers/" + file};
    if (!in) common::fail("open", setting.sources + "/servers/" + file);
    std::ostringstream text;
    text << in.rdbuf();
    std::string path = setting.scratch + "/" + words.at("PORT") + "-" + file;
    if (!(std::ofstream{path} << replace_words(text.str(), words))) common::fail("write", path);
    return path;
}

} // namespace bench
