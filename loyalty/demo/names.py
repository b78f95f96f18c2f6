"""Made-up names of companies and people, from word lists of our own.

A few names are there to keep every page honest: one very long, one written
from right to left, one with apostrophes and one with a tag in it.
"""

import re
import unicodedata

import numpy as np

HONEST_NAMES: dict[int, str] = {
    3: "The North Atlantic Cooperative Society for Refrigerated Transport, Harbour Logistics and Cold-Chain "
    "Certification of the Western Isles and Adjacent Mainland Ports (Holdings) Limited",
    7: "شركة النورس للتقنية",
    11: "O'Rourke & D'Angelo's Provisions",
    16: "Bold <b>& Brave</b> Analytics",
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STEMS = _words(
    """
    Alder Amber Anvil Arbor Ardent Aster Atlas Aurora Badger Basalt Beacon Birch Bluefin Bramble Bridge Bright
    Cadence Calder Canopy Cardinal Cedar Cinder Clover Cobalt Compass Copper Coral Crane Crescent Delta Drift
    Eastgate Echo Elm Ember Fable Falcon Fathom Fern Finch Flint Foxglove Gable Garnet Gather Granite Grove Gull
    Halcyon Harbor Hawthorn Hazel Heron Hollow Indigo Iris Ivory Jasper Juniper Keel Kestrel Kite Lantern Larch
    Linden Lumen Lynx Magnet Maple Marlow Meadow Meridian Mica Mosaic Nimbus North Nova Oak Ochre Onyx Orchard
    Osprey Otter Paragon Pebble Pepper Pine Pinnacle Plover Quarry Quartz Quill Raven Ridge River Rowan Saffron
    Sage Sequoia Shoal Silver Slate Solstice Sorrel Sparrow Stone Summit Sundial Swift Tallow Tandem Teal
    Thistle Timber Topaz Tundra Umber Valley Vector Verdant Violet Walnut Weaver Willow Wren Yarrow Zephyr
    """
)
SURNAMES = _words(
    """
    Abbott Adeyemi Aguilar Ahmed Andersen Bakker Banerjee Barnes Becker Bennett Bianchi Bjork Borges Brandt
    Brennan Campbell Cardoso Castillo Chen Choi Cohen Costa Dahl Delgado Diallo Dubois Duarte Eriksen Farah
    Ferrari Fischer Fleming Fontaine Forsberg Fujita Garcia Gallagher Gupta Haddad Hansen Hashimoto Hughes
    Ibrahim Iyer Jansen Johansson Kamau Kaplan Keller Khan Kim Kowalski Laurent Leclerc Lehmann Levy Lindqvist
    Lombardi Lopez Mahmoud Marchetti Mbeki Mehta Meyer Moreau Morgan Murphy Mwangi Nakamura Ndlovu Nguyen Novak
    Nunez Obi Okafor Olsen Osei Park Patel Pereira Petrov Quinn Rahman Rao Reyes Ricci Romero Rossi Santos Sato
    Schneider Shah Silva Singh Sorensen Stewart Tanaka Taylor Torres Ueda Vargas Visser Wagner Walsh Weber
    Whitaker Wong Yamada Yilmaz Young Zhang Zimmermann
    """
)
FIRST_NAMES = _words(
    """
    Aaliyah Adam Agnes Aiko Alejandro Alice Amara Amir Ana Anders Anika Anton Aoife Arjun Astrid Ayesha Beatriz
    Ben Bianca Bram Camila Carlos Chiara Chloe Claire Daan Daniel David Deepa Diego Dina Elena Elias Elif Emeka
    Emily Emma Erik Esther Ethan Fatima Felix Femi Fiona Francesca Gabriel George Giulia Grace Hana Hannah
    Hassan Helena Hiro Hugo Ibrahim Ines Ingrid Isaac Isabel Ivan Jack Jamal James Jana Jonas Joao Julia Kai
    Karim Katarzyna Kavya Kenji Lara Lars Laura Leila Leo Liam Lina Lucas Luis Maja Marco Maria Mateo Maya Mei
    Mia Michael Mira Mohammed Naomi Nadia Nikhil Nina Noah Nora Oliver Olivia Omar Oscar Pablo Paula Pedro Petra
    Priya Rachel Rafael Rahul Rebecca Rosa Ruth Samir Sana Sara Sean Sofia Stefan Sunita Tara Thandi Thomas
    Tomas Uma Valentina Victor Wei Yara Yusuf Zainab Zoe
    """
)

INDUSTRIES: dict[str, tuple[str, ...]] = {
    "Software": ("Software", "Labs", "Cloud", "Systems", "Technologies"),
    "Financial services": ("Capital", "Payments", "Financial", "Insurance", "Credit Union"),
    "Healthcare": ("Health", "Clinics", "Diagnostics", "Care", "Medical"),
    "Logistics": ("Logistics", "Freight", "Shipping", "Couriers", "Supply"),
    "Retail": ("Outfitters", "Market", "Stores", "Goods", "Home"),
    "Manufacturing": ("Works", "Industries", "Components", "Tooling", "Fabrication"),
    "Education": ("Learning", "Academy", "Schools", "Institute", "Press"),
    "Energy": ("Energy", "Power", "Solar", "Grid", "Renewables"),
    "Media": ("Media", "Studios", "Broadcasting", "Publishing", "Pictures"),
    "Travel": ("Travel", "Hotels", "Journeys", "Airways", "Stays"),
    "Food and drink": ("Foods", "Kitchens", "Roasters", "Provisions", "Brewing"),
    "Real estate": ("Properties", "Estates", "Living", "Workspaces", "Developments"),
    "Construction": ("Builders", "Construction", "Engineering", "Surveying", "Contractors"),
    "Professional services": ("Partners", "Consulting", "Advisory", "Associates", "Legal"),
    "Agriculture": ("Farms", "Growers", "Seed", "Orchards", "Agronomy"),
    "Non-profit": ("Foundation", "Trust", "Alliance", "Relief", "Network"),
}
INDUSTRY_SHARES = (22, 10, 9, 8, 8, 7, 6, 4, 5, 4, 4, 3, 3, 4, 2, 1)
LEGAL_FORMS = {"US": "Inc.", "GB": "Ltd", "DE": "GmbH", "FR": "SA", "NL": "BV", "SE": "AB", "AU": "Pty Ltd"}


def company_name(rng: np.random.Generator, industry: str, country: str) -> str:
    """One plausible company name; not unique by itself."""
    word = str(rng.choice(INDUSTRIES[industry]))
    pattern = rng.random()
    if pattern < 0.62:
        name = f"{rng.choice(STEMS)} {word}"
    elif pattern < 0.80:
        name = f"{rng.choice(STEMS)}{str(rng.choice(STEMS)).lower()} {word}"
    elif pattern < 0.92:
        name = f"{rng.choice(SURNAMES)} & {rng.choice(SURNAMES)} {word}"
    else:
        name = f"{rng.choice(SURNAMES)} {word}"
    form = LEGAL_FORMS.get(country)
    return f"{name} {form}" if form and rng.random() < 0.22 else name


def person_name(rng: np.random.Generator) -> str:
    """One plausible name of a person; not unique by itself."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(SURNAMES)}"


def domain(company: str, index: int) -> str:
    """A domain that can never belong to anybody: the TLD `example` is reserved (RFC 2606)."""
    plain = unicodedata.normalize("NFKD", company).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "", plain.lower())[:28]
    return f"{slug or f'customer{index}'}.example"


def mailbox(person: str) -> str:
    """The part of an address before the @."""
    return person.lower().replace(" ", ".")
