"""The words that descriptions are put together from.

An opening takes {name}, {animal} ("an adult Beagle Mix") and one character trait that fits the
animal's stage of life; a need follows as a second sentence about {name}.
"""

from __future__ import annotations

OPENINGS = (
    "{name} is {animal} who {trait}.",
    "{name} is {animal} who {trait}.",
    "Meet {name}, {animal} who {trait}.",
    "Say hello to {name}, {animal} who {trait}.",
    "{name}, {animal}, came to us as a stray and {trait}.",
    "{name}, {animal}, was surrendered when the family had to move, and {trait}.",
    "{name}, {animal}, was transferred from a crowded shelter nearby and {trait}.",
    "{name}, {animal}, is staying with a foster family and {trait}.",
)

# What the species is called where the breed alone would not say it: "a young American guinea pig".
NOUNS = {"dog": "", "cat": "", "rabbit": " rabbit", "guinea_pig": " guinea pig", "bird": ""}

STAGES = {"young": "a young", "adult": "an adult", "senior": "a senior"}

TRAITS = {
    ("dog", "young"): (
        "wants to meet everyone in the room",
        "is just learning how to walk on a leash",
        "plays hard and then naps harder",
        "is curious about every new sound and smell",
        "follows the staff from room to room",
        "is learning house manners quickly",
        "carries a soft toy around all day",
        "is a little unsure at first and warms up with treats",
        "wrestles a rope toy with great energy",
        "already sits for a biscuit",
    ),
    ("dog", "adult"): (
        "greets every visitor with a wagging tail",
        "walks politely on a leash",
        "knows sit, stay and shake",
        "loves long walks and longer naps",
        "would play fetch until the sun goes down",
        "needs a little time to trust new people",
        "leans in for chest rubs",
        "rides calmly in the car",
        "is already house-trained",
        "keeps a clean kennel and waits for the morning walk",
        "is happiest with a job to do",
        "enjoys splashing in the paddling pool",
        "takes treats gently",
        "is quiet in the kennel and lively in the yard",
    ),
    ("dog", "senior"): (
        "prefers a slow stroll to a run",
        "has lovely house manners",
        "wants a soft bed and a hand to lean on",
        "still perks up for a tennis ball",
        "naps through most of the afternoon",
        "walks beautifully on a loose leash",
        "greets familiar people with a happy grumble",
        "is calm around visitors",
    ),
    ("cat", "young"): (
        "chases anything that rolls",
        "climbs to the highest shelf and calls for company",
        "purrs as soon as someone sits down",
        "is learning to trust gentle hands",
        "naps in a heap of blankets",
        "pounces on shoelaces and feather toys",
        "already uses the litter box",
        "was bottle-fed and likes to be near people",
        "explores every box and paper bag",
        "is shy for an hour and playful after that",
    ),
    ("cat", "adult"): (
        "head-butts visitors for attention",
        "watches birds from the window for hours",
        "sleeps in the sun and joins in at dinner time",
        "likes chin scratches more than belly rubs",
        "talks back when spoken to",
        "needs a quiet room to settle in",
        "curls up on any free lap",
        "uses the scratching post and the litter box reliably",
        "comes running at the sound of a can",
        "likes company nearby more than being held",
        "plays with a wand toy every evening",
        "is gentle when handled",
        "purrs loudly and often",
    ),
    ("cat", "senior"): (
        "would like a warm lap and a quiet afternoon",
        "enjoys a soft brush and a sunny window",
        "sleeps most of the day and chats in the evening",
        "is calm, tidy and affectionate",
        "settles in quickly once there is a blanket to knead",
        "still bats at a toy mouse now and then",
        "greets people at the door of the room",
        "knows exactly when dinner is due",
    ),
    ("rabbit", "young"): (
        "races around the pen every morning",
        "is getting used to being picked up",
        "investigates every tunnel",
        "stands up tall for fresh herbs",
        "is learning to use a litter tray",
    ),
    ("rabbit", "adult"): (
        "uses a litter tray reliably",
        "flops over for a nap after breakfast",
        "loves cilantro and cardboard castles",
        "likes nose rubs and dislikes being carried",
        "explores the room before saying hello",
        "takes leafy greens from the hand",
    ),
    ("rabbit", "senior"): (
        "likes soft mats and gentle petting",
        "stretches out beside people who sit quietly",
        "still hops over for parsley",
        "knows the daily routine by heart",
    ),
    ("guinea_pig", "young"): (
        "popcorns across the pen at feeding time",
        "hides in a fleece tunnel and peeks out",
        "is getting used to gentle hands",
        "squeaks at the sound of the fridge",
    ),
    ("guinea_pig", "adult"): (
        "whistles for cucumber",
        "chats softly while being held",
        "enjoys floor time in a quiet room",
        "takes bell pepper from the hand",
        "naps under the hay rack",
    ),
    ("guinea_pig", "senior"): (
        "likes a warm lap and a slice of cucumber",
        "enjoys a slow walk through fresh hay",
        "is relaxed about being handled",
    ),
    ("bird", "young"): (
        "is getting used to a hand near the perch",
        "tries out new sounds every day",
        "inspects every bell in the cage",
    ),
    ("bird", "adult"): (
        "sings to the morning radio",
        "enjoys a shallow bath",
        "watches the room from the highest perch",
        "spends the afternoon preening in the sun",
        "likes millet and calm voices",
    ),
    ("bird", "senior"): (
        "likes a steady routine and a covered cage at night",
        "chatters softly in the evening",
        "is calm around people",
    ),
}

NEEDS = {
    "dog": (
        "{name} settles in best with a patient family.",
        "A home with a fenced yard would be ideal for {name}.",
        "{name} has lived with other dogs before.",
        "{name} should meet other dogs slowly.",
        "{name} would prefer to be the only pet.",
        "{name} does well with older children.",
        "{name} is up to date on vaccinations and microchipped.",
        "{name} walks better in a harness than on a collar.",
        "Basic training classes would help {name} settle in.",
        "{name} would like someone at home for part of the day.",
        "{name} needs daily exercise and a regular routine.",
        "Please bring your own dog along to meet {name}.",
    ),
    "cat": (
        "{name} is an indoor cat.",
        "{name} has lived with another cat before.",
        "{name} would prefer to be the only cat.",
        "{name} gets along with calm dogs.",
        "{name} would like a home with a window to watch from.",
        "{name} does well with older children.",
        "{name} is up to date on vaccinations and microchipped.",
        "{name} would like a quiet place to hide during the first days.",
        "{name} would enjoy the company of a second cat.",
        "A cat tree and a short play session every day keep {name} content.",
    ),
    "rabbit": (
        "{name} needs hay at all times and room to run every day.",
        "{name} would like to live indoors with a rabbit friend.",
        "{name} is looking for a home with bunny-proofed cables.",
        "A large pen suits {name} better than a cage.",
        "{name} does well with calm, older children.",
    ),
    "guinea_pig": (
        "{name} needs the company of another guinea pig.",
        "{name} needs fresh vegetables every day for vitamin C.",
        "A roomy floor pen suits {name} best.",
        "{name} would like a hideout at each end of the cage.",
    ),
    "bird": (
        "{name} needs time outside the cage every day.",
        "{name} would enjoy the company of another bird.",
        "A wide cage with natural perches suits {name} best.",
        "{name} would like a home without cats.",
    ),
}
